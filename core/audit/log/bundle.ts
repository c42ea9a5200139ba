import type { Reader } from '#base'
import type { KeyHolder } from './checkpoint.ts'
import { publishedNote } from './cosignature.ts'
import { handovers } from './handover.ts'
import { keptCheckpoint } from './log.ts'
import type { NoteKey } from './note.ts'
import { tileHashes } from './tiles.ts'

/** Which part of the log a bundle holds: all of it up to a checkpoint. */
export type Bundle = { origin: string; size: number; note: string; notes: string[]; handovers: readonly string[] }

const tilesPerRead = 16
const notesMax = 1000

/**
 * Says what a bundle will hold, as of now: everything under the newest checkpoint, and of the older ones so many, spread
 * evenly, that a fault can be told to within a small part of the log. Undefined while there is no log.
 */
export async function bundleOf(
  reader: Reader,
  { witnesses = [], keys }: { witnesses?: readonly NoteKey[]; keys: KeyHolder },
): Promise<Bundle | undefined> {
  const newest = await keptCheckpoint(reader)
  if (!newest) return undefined
  const older = await reader<Array<{ size: bigint; note: string }>>`
    select distinct on (part) size, note from (
      select size, note, width_bucket(size, 1, ${newest.size + 1}::bigint, ${notesMax}) as part from audit.checkpoints
      where size < ${newest.size}
    ) c order by part, size desc`
  const notes = await Promise.all(
    older.map(({ size, note }) => publishedNote(reader, { size: Number(size), note }, witnesses)),
  )
  const { origin, size } = newest
  const note = await publishedNote(reader, newest, witnesses)
  return { origin, size, note, notes, handovers: await handovers(keys, origin) }
}

/**
 * The bundle as JSON lines for a stranger (`docs/verify-the-audit-log.md`), in pieces: what it is, how its keys
 * were handed over, checkpoints in order, then the
 * entries byte for byte, before each 256 of them their hashes. What was archived stands as its hash. Between two pieces neither
 * a connection nor a snapshot is held: what is in the log never changes.
 */
export async function* bundleLines(reader: Reader, bundle: Bundle): AsyncGenerator<string, void, void> {
  const { origin, size, note, notes } = bundle
  const head = [
    { bundle: 'countroom-audit-bundle-1', origin, size },
    ...bundle.handovers.map((handover) => ({ handover })),
    ...[...notes, note].map((checkpoint) => ({ checkpoint })),
  ]
  yield `${[...head, { entries: size }].map((line) => JSON.stringify(line)).join('\n')}\n`
  for (let first = 0; first < size; first += tilesPerRead * tileHashes) {
    const rows = await readEntries(reader, first, Math.min(first + tilesPerRead * tileHashes, size))
    const lines: string[] = []
    for (let from = 0; from < rows.length; from += tileHashes) {
      const tile = rows.slice(from, from + tileHashes)
      lines.push(JSON.stringify({ tile: Buffer.concat(tile.map(({ leaf }) => leaf)).toString('base64') }))
      for (const { entry, leaf } of tile) lines.push(entry ?? JSON.stringify({ archived: leaf.toString('base64') }))
    }
    yield `${lines.join('\n')}\n`
  }
}

/**
 * Entries of one tile, each with its length in two bytes before it (C2SP tlog-tiles); undefined when there are not so many, or
 * some are archived.
 */
export async function readEntryBundle(
  reader: Reader,
  { index, width }: { index: number; width: number },
): Promise<Buffer | undefined> {
  const first = index * tileHashes
  const rows = await readEntries(reader, first, first + width)
  if (rows.length !== width || rows.some(({ entry }) => entry === null)) return undefined
  return Buffer.concat(
    rows.flatMap(({ entry }) => {
      const bytes = Buffer.from(entry!)
      return [Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]
    }),
  )
}

async function readEntries(
  reader: Reader,
  first: number,
  end: number,
): Promise<Array<{ leaf: Buffer; entry: string | null }>> {
  return await reader<Array<{ leaf: Buffer; entry: string | null }>>`
    select l.leaf, coalesce(l.entry, e.entry) as entry
    from audit.leaves l left join audit.events e on e.id = case when l.kind = 'event' and length(l.ref) = 36 then l.ref::uuid end
    where l.index >= ${first} and l.index < ${end} and l.index < (select max(size) from audit.checkpoints) order by l.index`
}
