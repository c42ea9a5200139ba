import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Command, Reader, Tx } from '#base'
import type { Keys } from './client.ts'
import { erased, isRefused, shredded, TamperedEnvelope } from './errors.ts'
import { openedKeys } from './opened.ts'

export type KeyedCommand = Command & { readonly keys: Keys }

/**
 * What personal data is kept for. Each purpose has data keys of its own, because each ends at a time of its own: a consent
 * is withdrawn, a contact is erased, while the law still wants payments and the audit log (GDPR art. 17 (3) b).
 */
export const purposes = ['contact', 'identity', 'kyc', 'payment', 'marketing', 'audit', 'credentials'] as const
export type Purpose = (typeof purposes)[number]

/** A data key, opened. Its bytes stay with the crypto library, which wipes them when nobody holds it any longer. */
export type Dek = { version: number; key: KeyObject }

type DekRow = { version: number; kek: string; wrapped: Buffer; binding: Buffer }
type Named = { player: string; purpose: Purpose; version: number; where: string }

const kekFamily = 'kek-pii'
const attemptsMax = 5

const opened = openedKeys()

/**
 * The newest data key of a player and purpose; made when there is none. A purpose that was shredded gets a new one, under
 * a new version; a player who was erased gets none.
 *
 * @throws Refusal `keys.erased`
 */
export async function currentDek(tx: Tx, command: KeyedCommand, player: string, purpose: Purpose): Promise<Dek> {
  const existing = await newestRow(tx, player, purpose)
  return existing ? openRow(command.keys, player, purpose, existing) : makeDek(tx, command, player, purpose, 1)
}

/** A new data key for what is sealed from now on; the older ones stay for what they sealed. Answers its version. */
export async function renewDek(tx: Tx, command: KeyedCommand, player: string, purpose: Purpose): Promise<number> {
  const version = ((await newestRow(tx, player, purpose))?.version ?? 0) + 1
  return (await makeDek(tx, command, player, purpose, version)).version
}

/**
 * The data key an envelope names.
 *
 * @throws Refusal `keys.shredded` when it was destroyed; TamperedEnvelope when there never was such a key, or when the one
 * that stands there was put there
 */
export async function namedDek(reader: Reader, keys: Keys, { player, purpose, version, where }: Named): Promise<Dek> {
  const [row] = await reader<DekRow[]>`
    select version, kek, wrapped, binding from keys.deks
    where player = ${player} and purpose = ${purpose} and version = ${version}`
  if (row) return await openRow(keys, player, purpose, row, where)
  const [gone] = await reader`
    select from keys.shredded
    where player = ${player} and (purpose = '' or (purpose = ${purpose} and version >= ${version}))`
  throw gone ? shredded() : new TamperedEnvelope(where)
}

/**
 * Destroys a player's data keys, of one purpose or all, and notes it on the list of the erased, which a restore replays.
 * What they sealed cannot be read again here; in old backups it cannot once the key they were wrapped under is destroyed
 * too (see the room's README). Answers how many went.
 */
export async function shred(tx: Tx, player: string, purpose?: Purpose): Promise<number> {
  const [row] = await tx<Array<{ gone: number }>>`select keys.shred(${player}, ${purpose ?? ''}) as gone`
  opened.forget(player)
  return row?.gone ?? 0
}

/**
 * A key may have been wrapped under an epoch that was retired meanwhile, or lose to another transaction that makes the
 * same one; then it is made again, or the other's is taken.
 */
async function makeDek(tx: Tx, command: KeyedCommand, player: string, purpose: Purpose, atLeast: number): Promise<Dek> {
  const { keys, now } = command
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const version = Math.max(atLeast, await freeVersion(tx, player, purpose))
    const made = await keys.newDek(kekFamily, contextOf(player, purpose, version))
    const [row] = await tx<Array<{ kept: boolean }>>`
      select keys.keep_dek(${player}, ${purpose}, ${version}, ${made.kek}, ${made.wrapped}, ${made.binding}, ${now}) as kept`
    const newest = row?.kept ? await newestRow(tx, player, purpose) : undefined
    if (newest) return openRow(keys, player, purpose, newest)
  }
  throw new Error(`no data key of ${player} for ${purpose} could be kept in ${attemptsMax} attempts`)
}

/** Versions of shredded keys are never used again: an old envelope must not meet a new key. */
async function freeVersion(tx: Tx, player: string, purpose: Purpose): Promise<number> {
  const gone = await tx<Array<{ purpose: string; version: number }>>`
    select purpose, version from keys.shredded where player = ${player} and purpose in (${purpose}, '')`
  if (gone.some((row) => row.purpose === '')) throw erased()
  return (gone[0]?.version ?? 0) + 1
}

async function newestRow(reader: Reader, player: string, purpose: Purpose): Promise<DekRow | undefined> {
  const [row] = await reader<DekRow[]>`
    select version, kek, wrapped, binding from keys.deks
    where player = ${player} and purpose = ${purpose} order by version desc limit 1`
  return row
}

async function openRow(keys: Keys, player: string, purpose: Purpose, row: DekRow, where = 'keys.deks'): Promise<Dek> {
  const { version, kek, wrapped, binding } = row
  const name = [player, purpose, version, kek, wrapped.toString('base64'), binding.toString('base64')].join('|')
  const known = opened.find(name)
  if (known) return { version, key: known }
  const bytes = await keys
    .openDek(kek, contextOf(player, purpose, version), wrapped, binding)
    .catch((error: unknown) => {
      throw isRefused(error) ? new TamperedEnvelope(where, error) : error
    })
  const key = createSecretKey(bytes)
  bytes.fill(0)
  opened.keep(name, player, key)
  return { version, key }
}

/** What a wrapped key is bound to in the token. */
export function contextOf(player: string, purpose: string, version: number): Buffer {
  return Buffer.from(JSON.stringify([player, purpose, version]))
}
