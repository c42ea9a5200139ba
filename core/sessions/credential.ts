import { createHash } from 'node:crypto'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { blindIndex, hashPassword, isOutdated, type Keys, keyIdOf, normaliseEmail, verifyPassword } from '#keys'
import * as players from '#players'

/**
 * What a sign-in attempt came to; `subjects` is what a failure is counted under. `renewed` is the same password under
 * today's cost and pepper, when it was kept under older ones.
 */
export type Attempt = { player: string | undefined; subjects: Buffer[]; renewed?: { from: string; to: string } }

/** Keeps a player's password as an argon2id hash. */
export async function setPassword(
  tx: Tx,
  command: Command,
  input: { player: string; passwordHash: string },
): Promise<void> {
  await tx`
    insert into sessions.credentials (player, password_hash, changed_at) values (${input.player}, ${input.passwordHash}, ${command.now})
    on conflict (player) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at`
  await audit.record(tx, command, { action: 'sessions.password_set', subject: input.player })
}

export { hashPassword }

/**
 * Checks an e-mail and password, outside any transaction because it is slow on purpose. Takes the same time for unknown
 * addresses [CR-02]; a malformed address is just another unknown one.
 */
export async function attempt(
  reader: Reader,
  keys: Keys,
  input: { email: string; password: string; address: string },
): Promise<Attempt> {
  const email = normalisedOr(input.email)
  const index = await blindIndex(reader, keys, 'email', email)
  const player = await players.findByEmail(reader, keys, email)
  const hash = player && (await hashOf(reader, player.player))
  const right = await verifyPassword(keys, input.password, hash)
  const renews = right && hash !== undefined && (await isOutdated(keys, hash))
  return {
    player: right && player?.status === 'active' ? player.player : undefined,
    subjects: [index.value, subjectOf(input.address)],
    ...(renews ? { renewed: { from: hash, to: await hashPassword(keys, input.password) } } : {}),
  }
}

/** Is this the password of a player who is signed in? Slow on purpose, so outside any transaction. */
export async function isPasswordOf(
  reader: Reader,
  keys: Keys,
  { player, password }: { player: string; password: string },
): Promise<boolean> {
  return verifyPassword(keys, password, await hashOf(reader, player))
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

async function hashOf(reader: Reader, player: string): Promise<string | undefined> {
  const [row] = await reader<
    Array<{ hash: string }>
  >`select password_hash as hash from sessions.credentials where player = ${player}`
  return row?.hash
}

/** Network addresses are counted under a digest, so the table tells nobody who was here. */
function subjectOf(address: string): Buffer {
  return createHash('sha256').update(`address|${address}`).digest()
}

function normalisedOr(email: string): string {
  try {
    return normaliseEmail(email)
  } catch {
    return 'nobody@invalid.example'
  }
}
