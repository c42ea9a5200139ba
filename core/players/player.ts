import * as audit from '#audit'
import { type Command, type Reader, Refusal, type Tx } from '#base'
import { type BlindIndex, type KeyedCommand, type Keys, open, openIfKept } from '#keys'
import type * as messages from '#messages'
import { playerAt, playerUnder } from './email-index.ts'
import { playerUnknown, statusForbids } from './errors.ts'
import { ageOn, type Field, masked } from './policy.ts'
import type { Address } from './registration.ts'

export type Status = 'pending_email' | 'active' | 'suspended' | 'closed'
export type Player = {
  player: string
  status: Status
  country: string
  currency: string
  registeredAt: Date
  closedAt: Date | null
}
export type Profile = { email: string; name: string; dateOfBirth: string; address: Address }

export async function findPlayer(reader: Reader, player: string): Promise<Player | undefined> {
  const [row] = await reader<Player[]>`
    select player, status, country, currency, registered_at as "registeredAt", closed_at as "closedAt"
    from players.players where player = ${player}`
  return row
}

/** May they sign in and play? It stays so until the caller's transaction ends. */
export async function holdActive(tx: Tx, player: string): Promise<boolean> {
  const [row] = await tx<Array<{ status: Status }>>`
    select status from players.players where player = ${player} for share`
  return row?.status === 'active'
}

/** By e-mail, through the blind index; the address itself is not in the table. As many questions whether there is one or not. */
export async function findByEmail(reader: Reader, keys: Keys, email: string): Promise<Player | undefined> {
  return findPlayer(reader, (await playerAt(reader, keys, email)) ?? '')
}

/** By the blind index of an e-mail, for who has only that. */
export async function findByIndex(reader: Reader, index: BlindIndex): Promise<Player | undefined> {
  const player = await playerUnder(reader, index)
  return player === undefined ? undefined : findPlayer(reader, player)
}

export async function listPlayers(reader: Reader, page: { before?: string; limit: number }): Promise<Player[]> {
  return await reader<Player[]>`
    select player, status, country, currency, registered_at as "registeredAt", closed_at as "closedAt"
    from players.players
    where ${page.before === undefined ? reader`true` : reader`player < ${page.before}`} order by player desc limit ${page.limit}`
}

/** A player's own data, for the player or for a message to them. @throws Refusal `players.unknown`, `keys.shredded` */
export async function profile(reader: Reader, keys: Keys, player: string): Promise<Profile> {
  const { email, rest } = await sealedProfile(reader, player)
  const address = await open(reader, keys, email)
  const described = await open(reader, keys, rest)
  return { email: address.toString(), ...(JSON.parse(described.toString()) as Omit<Profile, 'email'>) }
}

async function sealedProfile(reader: Reader, player: string) {
  const [row] = await reader<Array<{ email: Buffer; profile: Buffer }>>`
    select email, profile from players.players where player = ${player}`
  if (!row) throw playerUnknown()
  const place = { player, table: 'players.players', row: player }
  return {
    email: { ...place, purpose: 'contact', column: 'email', envelope: row.email },
    rest: { ...place, purpose: 'identity', column: 'profile', envelope: row.profile },
  } as const
}

/** In whole years on a day, in UTC. @throws Refusal `players.unknown` */
export async function ageOf(reader: Reader, keys: Keys, player: string, day: Date): Promise<number> {
  return ageOn((await profile(reader, keys, player)).dateOfBirth, day)
}

/** How a player is reached; undefined for nobody, and for somebody who was erased. */
export async function contact(reader: Reader, keys: Keys, player: string): Promise<messages.Contact | undefined> {
  const [row] = await reader<Array<{ language: messages.Language }>>`
    select language from players.players where player = ${player}`
  if (!row) return undefined
  try {
    const { email, name } = await profile(reader, keys, player)
    return { email, name, language: row.language }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'keys.shredded') return undefined
    throw error
  }
}

/** What a player agreed to, and when. @throws Refusal `players.unknown` */
export async function agreements(
  reader: Reader,
  player: string,
): Promise<{ termsVersion: string; privacyVersion: string; acceptedAt: Date }> {
  const [row] = await reader<Array<{ termsVersion: string; privacyVersion: string; acceptedAt: Date }>>`
    select terms_version as "termsVersion", privacy_version as "privacyVersion", terms_accepted_at as "acceptedAt"
    from players.players where player = ${player}`
  if (!row) throw playerUnknown()
  return row
}

/** The language a player is written to in. @throws Refusal `players.unknown` */
export async function languageOf(reader: Reader, player: string): Promise<messages.Language> {
  const [row] = await reader<Array<{ language: messages.Language }>>`
    select language from players.players where player = ${player}`
  if (!row) throw playerUnknown()
  return row.language
}

export async function setLanguage(
  tx: Tx,
  command: Command,
  { player, language }: { player: string; language: messages.Language },
): Promise<void> {
  const before = await languageOf(tx, player)
  await tx`update players.players set language = ${language} where player = ${player}`
  await audit.record(tx, command, {
    action: 'players.language_set',
    subject: player,
    ...audit.changed({ language: before }, { language }),
  })
}

/**
 * A player's data as staff see it: masked but for the fields that a reason was given for; either way it is written down, with
 * which fields were seen. What was erased is told to be.
 */
export async function inspect(
  tx: Tx,
  command: KeyedCommand,
  { player, unmask }: { player: string; unmask?: { reason: string; fields: readonly Field[] } },
): Promise<Profile> {
  const sealed = await sealedProfile(tx, player)
  const email = await openIfKept(tx, command.keys, sealed.email)
  const described = await openIfKept(tx, command.keys, sealed.rest)
  await audit.record(tx, command, {
    action: unmask === undefined ? 'players.viewed_masked' : 'players.viewed_in_full',
    subject: player,
    ...(unmask === undefined ? {} : { reason: unmask.reason, detail: { fields: [...unmask.fields] } }),
  })
  const known = described && (JSON.parse(described.toString()) as Omit<Profile, 'email'>)
  const shown = masked({ ...(known ?? nothing), email: email?.toString() ?? erased }, unmask?.fields ?? [])
  return { ...shown, ...(known ? {} : nothing), ...(email ? {} : { email: erased }) }
}

/** What stands in the place of data whose key was destroyed. */
const erased = '(erased)'
const nothing: Omit<Profile, 'email'> = {
  name: erased,
  dateOfBirth: erased,
  address: { street: erased, city: erased, postalCode: erased },
}

/** active -> suspended. @throws Refusal `players.status_forbids`, `players.unknown` */
export async function suspend(tx: Tx, command: Command, input: { player: string; reason: string }): Promise<void> {
  await change(tx, command, {
    ...input,
    from: ['active', 'pending_email'],
    to: 'suspended',
    action: 'players.suspended',
  })
}

/** suspended or closed -> active, or pending_email for who has not confirmed the address: staff do not do that for them. */
export async function reinstate(tx: Tx, command: Command, input: { player: string; reason: string }): Promise<void> {
  const [waiting] = await tx`select from players.confirmations where player = ${input.player}`
  const to = waiting ? 'pending_email' : 'active'
  await change(tx, command, { ...input, from: ['suspended', 'closed'], to, action: 'players.reinstated' })
}

async function change(
  tx: Tx,
  command: Command,
  step: { player: string; reason: string; from: Status[]; to: Status; action: audit.Code },
): Promise<void> {
  const [row] = await tx<
    Array<{ status: Status }>
  >`select status from players.players where player = ${step.player} for update`
  if (!row) throw playerUnknown()
  if (!step.from.includes(row.status)) throw statusForbids(row.status)
  await tx`update players.players set status = ${step.to}, closed_at = null where player = ${step.player}`
  await audit.record(tx, command, {
    action: step.action,
    subject: step.player,
    reason: step.reason,
    ...audit.changed({ status: row.status }, { status: step.to }),
  })
}
