import { randomBytes } from 'node:crypto'
import { type Command, numberArray, Refusal, type Tx, textArray } from '#base'
import type { Keys } from '#keys'
import { record } from '../record.ts'
import { type Checkpoint, ownKeys, type Signer, signCheckpoint, signersAt } from './checkpoint.ts'
import { handovers, readHandover } from './handover.ts'
import { type KeptCheckpoint, keepCheckpoint, keptCheckpoint } from './log.ts'
import { type NoteKey, readNote, vkeyOf } from './note.ts'
import { consistencyPath } from './proof.ts'
import { type Edge, grow, readEdge, rootOfEdge, writeTiles } from './tiles.ts'
import { hashBytes } from './tree.ts'

/** A batch of a lane, ready to be a leaf: its entry, and the hashes of its rows and of their keys, 32 bytes each. */
export type BatchLeaf = { lane: number; batch: bigint; at: Date; entry: string; keys: Buffer; rows: Buffer }

export type Sealed = {
  /** Of the tree now. */
  size: number
  events: number
  batches: number
  /** Events that were taken out of their table while they waited: somebody was at the database. By id. */
  lost: string[]
}

/** What is kept of the log is not what was signed: the sealer signs nothing more until a person has looked. */
export class BrokenLog extends Error {}

/** Signs, and tells how far the log reaches that it remembers. */
type LogSigner = Signer & Pick<Keys, 'signedSizes'>

/** The note that this process had signed last, by whom: it need not be held against the token's keys again each second. */
const lastSigned = new WeakMap<Signer, string>()

/** One sealer at a time: false when another has it, for as long as its transaction takes. */
export async function beginSealing(tx: Tx): Promise<boolean> {
  const [row] = await tx<Array<{ ours: boolean }>>`
    select pg_try_advisory_xact_lock(hashtext('audit.seal')) as ours`
  return row?.ours ?? false
}

/** Whether events wait to be sealed. */
export async function hasUnsealed(tx: Tx): Promise<boolean> {
  const [row] = await tx<Array<{ waits: boolean }>>`select exists (select from audit.unsealed) as waits`
  return row?.waits ?? false
}

/** The last batch of each lane that is a leaf. */
export async function sealedLanes(tx: Tx): Promise<Map<number, bigint>> {
  const rows = await tx<Array<{ lane: number; batch: bigint }>>`select lane, batch from audit.lanes`
  return new Map(rows.map(({ lane, batch }) => [lane, batch]))
}

/**
 * Makes leaves of events that wait, and of the batches given, in one transaction with the tiles and the signed checkpoint; so
 * a crash leaves either all of it or nothing. Who writes events never waits for it. First looks whether what is kept is what
 * was signed last, since a log must never sign two trees of which one does not begin with the other.
 *
 * @throws BrokenLog; Refusal `keys.unavailable`, and then nothing is sealed
 */
export async function seal(
  tx: Tx,
  command: Command & { keys: LogSigner },
  what: { origin?: string | undefined; batches: readonly BatchLeaf[]; eventsMax: number },
): Promise<Sealed> {
  const { edge, last, size, origin } = await soundEdge(tx, command.keys, what.origin)
  const events = await sealEvents(tx, what.eventsMax)
  const leaves = Buffer.concat([events.leaves, await sealBatches(tx, what.batches)])
  if (leaves.length === 0) return { size, events: 0, batches: 0, lost: [] }

  const grown = grow(edge, leaves)
  await writeTiles(tx, grown.tiles)
  const checkpoint = { origin, size: grown.edge.size, root: rootOfEdge(grown.edge) }
  const { note, key } = await signAfter(tx, command.keys, checkpoint, last)
  await keepCheckpoint(tx, { ...checkpoint, at: command.now, note }, key)
  if (last && readNote(last.note).signatures[0]?.id !== key.id) await recordSuccession(tx, command, origin, key)
  lastSigned.set(command.keys, note)
  const lost = events.lost === 0 ? [] : await lostFrom(tx, size)
  return { size: checkpoint.size, events: events.count, batches: what.batches.length, lost }
}

/**
 * The right edge of the tree, if it is that of the last signed checkpoint, and the name of the log. A log keeps its name for
 * ever; one that begins without being given one is called by chance, so that no two logs of one witness are called the same.
 *
 * @throws BrokenLog
 */
async function soundEdge(
  tx: Tx,
  keys: Signer,
  asked: string | undefined,
): Promise<{ edge: Edge; last: KeptCheckpoint | undefined; size: number; origin: string }> {
  const last = await keptCheckpoint(tx)
  const [row] = await tx<Array<{ count: bigint }>>`select coalesce(max(index) + 1, 0) as count from audit.leaves`
  const size = last?.size ?? 0
  if (Number(row!.count) !== size)
    throw new BrokenLog(`the log has ${row!.count} leaves, and the last checkpoint signed ${size}`)
  const edge = await readEdge(tx, size)
  if (!last) return { edge, last, size, origin: asked ?? `countroom/${randomBytes(4).toString('hex')}` }
  const { origin } = last
  if (asked !== undefined && asked !== origin) throw new BrokenLog(`this log is called ${origin} and not ${asked}`)
  if (!rootOfEdge(edge).equals(last.root)) throw new BrokenLog(`the tiles are not those that checkpoint ${size} signed`)
  if (last.note !== lastSigned.get(keys)) await refuseForeign(last, keys)
  return { edge, last, size, origin }
}

/**
 * Where the token does not know the last checkpoint because another node signed it, it is shown that this grew from what the token
 * remembers. The first time it asks without: that is what happens each second.
 */
async function signAfter(tx: Tx, keys: LogSigner, checkpoint: Checkpoint, last: KeptCheckpoint | undefined) {
  try {
    return await signCheckpoint(keys, checkpoint, last)
  } catch (error) {
    if (!(last && error instanceof Refusal && error.code === 'keys.log_rewound')) throw error
    const sizes = (await keys.signedSizes()).filter((size) => size <= last.size)
    if (sizes.length === 0) throw error
    const paths = await Promise.all(sizes.map((size) => consistencyPath(tx, size, last.size)))
    return await signCheckpoint(keys, checkpoint, last, { note: last.note, paths })
  }
}

/** Into the log itself, where nobody can say later that the key before said otherwise. */
async function recordSuccession(tx: Tx, command: Command & { keys: Signer }, origin: string, key: NoteKey) {
  const own = await ownKeys(command.keys, origin)
  const note = (await handovers(command.keys, origin)).find((each) => readHandover(each).key.id === key.id)
  const since = own.find(({ id }) => id === key.id)?.since ?? 0
  const detail = { key: vkeyOf(key), since: String(since), ...(note === undefined ? {} : { handover: note }) }
  const { actor, now, requestId } = command
  await record(tx, { actor, now, requestId }, { action: 'audit.key_succeeded', subject: 'log', detail })
}

/** @throws BrokenLog when a checkpoint is not this log's own, by the keys of the token */
async function refuseForeign({ note, size, origin }: KeptCheckpoint, keys: Signer): Promise<void> {
  const read = readNote(note)
  const own = await ownKeys(keys, origin)
  try {
    signersAt(read, own, size)
  } catch (error) {
    throw new BrokenLog(`checkpoint ${size} is not signed by this log`, { cause: error })
  }
}

async function sealEvents(tx: Tx, countMax: number): Promise<{ count: number; lost: number; leaves: Buffer }> {
  const [row] = await tx<Array<{ count: number; lost: number; leaves: Buffer }>>`
    select count, lost, leaves from audit.seal_events(${countMax})`
  return row!
}

async function lostFrom(tx: Tx, index: number): Promise<string[]> {
  const rows = await tx<Array<{ ref: string }>>`
    select ref from audit.leaves where kind = 'lost' and index >= ${index} order by index`
  return rows.map(({ ref }) => ref)
}

async function sealBatches(tx: Tx, batches: readonly BatchLeaf[]): Promise<Buffer> {
  if (batches.length === 0) return Buffer.alloc(0)
  const [row] = await tx<Array<{ leaves: Buffer }>>`
    select leaves from audit.seal_batches(
      ${numberArray(batches.map(({ lane }) => lane))}::text::smallint[], ${numberArray(batches.map(({ batch }) => batch))}::text::bigint[],
      ${textArray(batches.map(({ at }) => at.toISOString()))}::text::timestamptz[], ${textArray(batches.map(({ entry }) => entry))}::text::text[],
      ${numberArray(batches.map(({ rows }) => rows.length / hashBytes))}::text::int[],
      ${Buffer.concat(batches.map(({ keys }) => keys))}, ${Buffer.concat(batches.map(({ rows }) => rows))})`
  return row!.leaves
}
