import { randomInt, timingSafeEqual } from 'node:crypto'
import * as audit from '#audit'
import { isCurrency, newId, type Reader, type Tx } from '#base'
import { type KeyedCommand, normaliseEmail, seal } from '#keys'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as messages from '#messages'
import { playerAt, takeAddress } from './email-index.ts'
import { birthDateInvalid, countryBlocked, currencyNotOffered, termsOutdated, underAge } from './errors.ts'
import { judgePassword } from './password.ts'
import { ageMin, ageOn, isBirthDate } from './policy.ts'

export type Address = { street: string; city: string; postalCode: string }

export type Registration = {
  email: string
  password: string
  name: string
  dateOfBirth: string // yyyy-mm-dd
  address: Address
  country: string // ISO 3166-1 alpha-2
  currency: string
  language: messages.Language
  termsVersion: string
  privacyVersion: string
}

const confirmationMinutes = 30
const confirmationAttemptsMax = 5
const anotherMinutes = 1 // before another code is sent
const perDayMax = 20 // of a code that may be tried five times, to an address that need not be theirs
const sameNewsMinutes = 60

/**
 * Registers a player, or, for an address that is known, does the same as far as anybody can see: its owner gets a mail
 * saying so. Answers the new player's id, or undefined.
 *
 * @throws Refusal `players.under_age` [GLI-2.5.2a-i], `players.country_blocked`, `players.terms_outdated`
 * [GLI-2.5.2a-iii], `players.currency_not_offered`, and of the password as `judgePassword`
 */
export async function register(tx: Tx, command: KeyedCommand, input: Registration): Promise<string | undefined> {
  const email = normaliseEmail(input.email)
  await mayRegister(tx, command, input, email)
  const player = newId('plr', command.now.getTime())
  const owner = await takeAddress(tx, command, { player, email })
  if (owner) {
    await messages.tell(tx, command, {
      to: owner,
      template: 'already_registered',
      values: {},
      quietMinutes: sameNewsMinutes,
    })
    await audit.record(tx, command, { action: 'players.registration_repeated', subject: owner })
    return undefined
  }
  const place = { player, table: 'players.players', row: player }
  const { name, dateOfBirth, address } = input
  const sealedEmail = await seal(tx, command, { ...place, purpose: 'contact', column: 'email', plaintext: email })
  const sealedProfile = await seal(tx, command, {
    ...place,
    purpose: 'identity',
    column: 'profile',
    plaintext: JSON.stringify({ name, dateOfBirth, address }),
  })
  await tx`
    insert into players.players
      (player, status, country, currency, language, email, profile, terms_version, privacy_version, terms_accepted_at, registered_at)
    values (${player}, 'pending_email', ${input.country}, ${input.currency}, ${input.language}, ${sealedEmail}, ${sealedProfile},
      ${input.termsVersion}, ${input.privacyVersion}, ${command.now}, ${command.now})`
  if (isCurrency(input.currency)) await ledger.openWallet(tx, command, { player, currency: input.currency })
  await sendConfirmation(tx, command, player)
  await audit.record(
    tx,
    { ...command, actor: { ...command.actor, id: player } },
    { action: 'players.registered', subject: player },
  )
  return player
}

async function mayRegister(tx: Tx, command: KeyedCommand, input: Registration, email: string): Promise<void> {
  const rules = await licences.rules(tx)
  if (rules.countriesBlocked.includes(input.country)) throw countryBlocked()
  if (!isBirthDate(input.dateOfBirth, command.now)) throw birthDateInvalid()
  const min = ageMin(rules, input.country)
  if (ageOn(input.dateOfBirth, command.now) < min) throw underAge(min)
  if (!rules.currencies.includes(input.currency)) throw currencyNotOffered()
  if (input.termsVersion !== rules.termsVersion || input.privacyVersion !== rules.privacyVersion) throw termsOutdated()
  const { password, name } = input
  await judgePassword(tx, { password, about: { email, name }, secondFactor: false })
}

/** Makes a fresh confirmation code and sends it. */
async function sendConfirmation(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  const code = await newConfirmation(tx, command, player)
  if (code !== undefined)
    await messages.tell(tx, command, {
      to: player,
      template: 'confirm_email',
      values: { code, minutes: String(confirmationMinutes) },
      before: new Date(command.now.getTime() + confirmationMinutes * 60_000),
    })
}

/** Makes a fresh confirmation code, of which only a MAC is kept. Undefined when there is nothing to confirm. */
export async function newConfirmation(tx: Tx, command: KeyedCommand, player: string): Promise<string | undefined> {
  const [row] = await tx`select 1 from players.players where player = ${player} and status = 'pending_email' for update`
  if (!row) return undefined
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
  const epoch = await command.keys.active('hk-pepper')
  const mac = await macOf(command, epoch, player, code)
  const expires = new Date(command.now.getTime() + confirmationMinutes * 60_000)
  await tx`
    insert into players.confirmations (player, code_mac, epoch, expires_at) values (${player}, ${mac}, ${epoch}, ${expires})
    on conflict (player) do update
    set code_mac = excluded.code_mac, epoch = excluded.epoch, expires_at = excluded.expires_at, attempts = 0`
  return code
}

/**
 * Confirms the address by its code. False when it does not fit; the attempt is counted, so the caller commits before
 * saying no. Unknown addresses look the same.
 */
export async function confirmEmail(
  tx: Tx,
  command: KeyedCommand,
  input: { email: string; code: string },
): Promise<boolean> {
  const player = await playerAt(tx, command.keys, input.email)
  const [row] = await tx<Array<{ player: string; code_mac: Buffer; epoch: string; sound: boolean }>>`
    select c.player, c.code_mac, c.epoch, c.expires_at > ${command.now} and c.attempts < ${confirmationAttemptsMax} as sound
    from players.confirmations c join players.players p on p.player = c.player
    where p.player = ${player ?? ''} and p.status = 'pending_email' for update of c`
  const mac = await macOf(command, row?.epoch ?? 'hk-pepper', row?.player ?? '', input.code)
  if (!row?.sound || !timingSafeEqual(mac, row.code_mac)) {
    await tx`update players.confirmations set attempts = attempts + 1 where player = ${row?.player ?? ''}`
    await audit.record(tx, command, { action: 'players.confirmation_refused', subject: row?.player ?? 'unknown' })
    return false
  }
  await tx`delete from players.confirmations where player = ${row.player}`
  await tx`update players.players set status = 'active' where player = ${row.player}`
  await audit.record(
    tx,
    { ...command, actor: { ...command.actor, id: row.player } },
    {
      action: 'players.email_confirmed',
      subject: row.player,
      ...audit.changed({ status: 'pending_email' }, { status: 'active' }),
    },
  )
  return true
}

/** Asks for another code, once a minute and some times a day; answers alike for known and unknown addresses. */
export async function resendConfirmation(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<void> {
  const player = await playerAt(tx, command.keys, email)
  const made = new Date(command.now.getTime() + (confirmationMinutes - anotherMinutes) * 60_000)
  const [row] = await tx<Array<{ player: string; recent: boolean }>>`
    select p.player, coalesce(c.expires_at > ${made}, false) as recent
    from players.players p left join players.confirmations c using (player)
    where p.player = ${player ?? ''} and p.status = 'pending_email' for update of p`
  if (row && !row.recent && (await timesSent(tx, command, row.player)) < perDayMax)
    await sendConfirmation(tx, command, row.player)
  await audit.record(tx, command, { action: 'players.confirmation_asked', subject: row?.player ?? 'unknown' })
}

function timesSent(tx: Tx, command: KeyedCommand, player: string): Promise<number> {
  return messages.timesToldToday(tx, command, { to: player, template: 'confirm_email' })
}

/** How many codes that could still be given were made under this epoch of their key. */
export async function codesUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select (select count(*) from players.confirmations where epoch = ${epoch} and expires_at > now())::int
      + (select count(*) from players.email_changes where epoch = ${epoch} and expires_at > now())::int as count`
  return row?.count ?? 0
}

function macOf(command: KeyedCommand, epoch: string, player: string, code: string): Promise<Buffer> {
  return command.keys.mac(epoch, Buffer.from(`confirmation|${player}|${code}`))
}
