import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import * as factors from '#factors'
import { blindIndex, hashPassword, isOutdated, type Keys, keyIdOf, normaliseEmail, verifyPassword } from '#keys'
import * as licences from '#licences'
import * as players from '#players'
import { familiarity } from './device.ts'
import { passwordNeeded } from './errors.ts'
import { failuresOf, isThrottled } from './failure.ts'
import { type Origin, subjectOf } from './origin.ts'
import type { Proof } from './proof.ts'

/**
 * What a sign-in attempt came to. `renewed` is the same password under today's cost and pepper, when it was kept under older
 * ones.
 */
export type Attempt = {
  /** Whose account it is, if it is anybody's who may sign in. */
  owner: string | undefined
  /** Is it their password? */
  right: boolean
  /** Since when the password it was compared with is theirs; nothing for who has none. */
  since?: Date | undefined
  /** It was not even looked at: too much failed from there. */
  throttled?: boolean
  /** What failures and the lock stand under. */
  account: Buffer
  origin: Origin
  proof?: Proof | undefined
  renewed?: { from: string; to: string }
}

/** Keeps a player's password as an argon2id hash. */
export async function setPassword(
  tx: Tx,
  command: Command,
  input: { player: string; passwordHash: string; standsAlone?: boolean },
): Promise<void> {
  await tx`
    insert into sessions.credentials (player, password_hash, changed_at, stands_alone)
    values (${input.player}, ${input.passwordHash}, ${command.now}, ${input.standsAlone ?? true})
    on conflict (player) do update
    set password_hash = excluded.password_hash, changed_at = excluded.changed_at, stands_alone = excluded.stands_alone`
  await audit.record(tx, command, { action: 'sessions.password_set', subject: input.player })
}

export { hashPassword }

/** Whether a player has a password at all. */
export async function hasPassword(reader: Reader, player: string): Promise<boolean> {
  return (await credentialOf(reader, player)) !== undefined
}

/**
 * Does without a password from now on.
 *
 * @throws Refusal `sessions.password_needed` for who could not come in, or not again after a loss, without it
 */
export async function removePassword(tx: Tx, command: Command, { player }: { player: string }): Promise<void> {
  await factors.hold(tx, player)
  if (!factors.mayDropPassword(await factors.standing(tx, player))) throw passwordNeeded()
  const removed = await tx`delete from sessions.credentials where player = ${player}`
  if (removed.count > 0) await audit.record(tx, command, { action: 'sessions.password_removed', subject: player })
}

/**
 * Checks an e-mail and password, outside any transaction because it is slow on purpose. Takes the same time for unknown
 * addresses [CR-02]; a malformed address is just another unknown one.
 */
export async function attempt(
  reader: Reader,
  keys: Keys,
  input: { email: string; password: string; proof?: Proof | undefined; origin: Origin; now: Date },
): Promise<Attempt> {
  const email = normalisedOr(input.email)
  const index = await blindIndex(reader, keys, 'email', email)
  const player = await players.findByEmail(reader, keys, email)
  const tried = {
    owner: player?.status === 'active' ? player.player : undefined,
    right: false,
    account: player ? accountOf(player.player) : index.value,
    origin: input.origin,
    proof: input.proof,
  }
  if (await isKeptOut(reader, keys, tried, input.now)) return { ...tried, throttled: true }
  const { hash, since } = (await credentialOf(reader, player?.player ?? '')) ?? {}
  const right = await verifyPassword(keys, input.password, hash)
  const renews = right && hash !== undefined && (await isOutdated(keys, hash))
  return {
    ...tried,
    right,
    since,
    ...(renews ? { renewed: { from: hash, to: await hashPassword(keys, input.password) } } : {}),
  }
}

/** Whose password was shown, if it was anybody's, as far as could be told outside a transaction. */
export type Comparison = Pick<Attempt, 'owner' | 'right' | 'since'>

/**
 * Compares a password with that of whoever has the address, confirmed or not; as slow for unknown ones [CR-02], so outside any
 * transaction. Lets nobody in.
 *
 * @throws Refusal `keys.email_malformed`
 */
export async function comparePassword(
  reader: Reader,
  keys: Keys,
  { email, password }: { email: string; password: string },
): Promise<Comparison> {
  const player = await players.findByEmail(reader, keys, email)
  const { hash, since } = (await credentialOf(reader, player?.player ?? '')) ?? {}
  return { owner: player?.player, right: await verifyPassword(keys, password, hash), since }
}

/** So much failed from there that no password is worked on. */
async function isKeptOut(reader: Reader, keys: Keys, { owner, account, origin }: Attempt, now: Date): Promise<boolean> {
  const { signInFailureMinutes: minutes } = await licences.rules(reader)
  const { standing } = await familiarity(reader, owner ?? '', origin.device)
  return isThrottled(await failuresOf(reader, keys, { account, origin, now, minutes }), standing === 'known')
}

/**
 * Whose sign-in it is, when what was looked at outside the transaction is still so: they may sign in, and the password is
 * theirs. It stays so until the transaction ends, so that who is suspended or changes their password is not overtaken.
 */
export async function ownerOf(tx: Tx, tried: Attempt): Promise<string | undefined> {
  const { owner, right } = tried
  if (owner === undefined || !right || !(await players.holdActive(tx, owner))) return undefined
  return shownBy(tx, tried)
}

/** Whose password was shown, when it is theirs still; it stays so until the transaction ends. */
export async function shownBy(tx: Tx, { owner, right, since }: Comparison): Promise<string | undefined> {
  if (owner === undefined || !right) return undefined
  const [row] = await tx<Array<{ since: Date }>>`
    select changed_at as since from sessions.credentials where player = ${owner} for share`
  return row?.since.getTime() === since?.getTime() ? owner : undefined
}

/** By the player, so that a lock outlives a rotation of the index's key. */
export function accountOf(player: string): Buffer {
  return subjectOf('player', player)
}

/** Is this the password of a player who is signed in? Slow on purpose, so outside any transaction. */
export async function isPasswordOf(
  reader: Reader,
  keys: Keys,
  { player, password }: { player: string; password: string },
): Promise<boolean> {
  return verifyPassword(keys, password, (await credentialOf(reader, player))?.hash)
}

/** Puts the renewed hash in the place of the one it was made from, and of no other. */
export async function renewPassword(
  tx: Tx,
  { player, from, to }: { player: string; from: string; to: string },
): Promise<void> {
  await tx`
    update sessions.credentials set password_hash = ${to} where player = ${player} and password_hash = ${from}`
}

/** How many passwords still need this epoch of the pepper. */
export async function passwordsUnder(reader: Reader, pepper: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from sessions.credentials where password_hash like ${`%,keyid=${keyIdOf(pepper)}$%`}`
  return row?.count ?? 0
}

async function credentialOf(reader: Reader, player: string): Promise<{ hash: string; since: Date } | undefined> {
  const [row] = await reader<Array<{ hash: string; since: Date }>>`
    select password_hash as hash, changed_at as since from sessions.credentials where player = ${player}`
  return row
}

function normalisedOr(email: string): string {
  try {
    return normaliseEmail(email)
  } catch {
    return 'nobody@invalid.example'
  }
}
