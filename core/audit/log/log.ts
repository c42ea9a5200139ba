import type { Reader, Tx } from '#base'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import type { NoteKey } from './note.ts'
import { readVkey, vkeyOf } from './note.ts'

/** A checkpoint as it is kept: with the log's signature, without those of witnesses. */
export type KeptCheckpoint = Checkpoint & { at: Date; note: string }

/** The checkpoint of the newest tree, or of the tree of a size; undefined when there is none. */
export async function keptCheckpoint(reader: Reader, size?: number): Promise<KeptCheckpoint | undefined> {
  const [row] = await reader<Array<{ at: Date; note: string }>>`
    select at, note from audit.checkpoints ${size === undefined ? reader`` : reader`where size = ${size}`}
    order by size desc limit 1`
  return row && { ...readCheckpoint(row.note), ...row }
}

export async function keepCheckpoint(tx: Tx, kept: KeptCheckpoint, key: NoteKey): Promise<void> {
  await tx`select audit.keep_checkpoint(${kept.size}, ${kept.at}, ${kept.root}, ${kept.note}, ${vkeyOf(key)})`
}

/** Every key that ever signed this log, the newest last. Whom to trust, the reader has to know from elsewhere. */
export async function logKeys(reader: Reader): Promise<NoteKey[]> {
  const rows = await reader<Array<{ vkey: string }>>`select vkey from audit.log_keys order by since, vkey`
  return rows.map(({ vkey }) => readVkey(vkey))
}

export type Leaf = { index: number; kind: 'event' | 'batch' | 'lost'; ref: string; leaf: Buffer; entry: string | null }

/** A leaf by its index, or by what it is of: an event's id, `lane/batch`. `entry` is null once it is archived. */
export async function leafOf(reader: Reader, which: { index: number } | { ref: string }): Promise<Leaf | undefined> {
  const condition =
    'index' in which
      ? reader`l.index = ${which.index}`
      : reader`l.kind in ('event', 'batch', 'lost') and l.ref = ${which.ref}`
  const [row] = await reader<Array<Omit<Leaf, 'index'> & { index: bigint }>>`
    select l.index, l.kind, l.ref, l.leaf, coalesce(l.entry, e.entry) as entry
    from audit.leaves l left join audit.events e on e.id = case when l.kind = 'event' and length(l.ref) = 36 then l.ref::uuid end
    where ${condition}`
  return row && { ...row, index: Number(row.index) }
}

/**
 * How long the oldest event has waited that is no leaf yet, in seconds; 0 when none waits. By its id, whose first 48 bits are
 * milliseconds, so that it waits even if somebody took the event out.
 */
export async function unsealedSeconds(reader: Reader): Promise<number> {
  const [row] = await reader<Array<{ seconds: number }>>`
    select coalesce(greatest(
      extract(epoch from clock_timestamp()) - ('x' || left(replace(event::text, '-', ''), 12))::bit(48)::bigint / 1000.0, 0), 0)::float8 as seconds
    from audit.unsealed order by event limit 1`
  return row?.seconds ?? 0
}

/** So long every checkpoint is kept; the database refuses to forget before the seventh day is over by its own clock. */
const checkpointDays = 8

/** Forgets checkpoints that are older, but for one an hour; answers how many. */
export async function thinCheckpoints(tx: Tx, now: Date): Promise<number> {
  const before = new Date(now.getTime() - checkpointDays * 86_400_000)
  const [row] = await tx<Array<{ count: number }>>`select audit.thin_checkpoints(${before}) as count`
  return row!.count
}
