import { hash } from 'node:crypto'
import type { Reader } from '#base'
import { isOfBatch } from './batch-entry.ts'
import { type Checkpoint, readCheckpointText, signersAt } from './checkpoint.ts'
import { openFrontier } from './frontier.ts'
import { type NoteKey, readNote } from './note.ts'
import { tileHashes } from './tiles.ts'
import { hashBytes } from './tree.ts'

export type LogProof = {
  ok: boolean
  /** How many leaves were walked, and of how many the entry is archived. */
  size: number
  archived: number
  /** How many checkpoints signed what was walked, those held outside included. */
  checkpoints: number
  /** What is wrong, and the first leaf that it shows at. */
  firstBad?: string
}

export type LogTrust = {
  /** The log's own keys, oldest first, from the token or from paper: not from the database that is being verified. */
  keys: readonly NoteKey[]
  /** Checkpoints that somebody outside holds. */
  outside?: readonly Checkpoint[]
  /** Leaves of events that were taken out before they were sealed and that a person has looked into. */
  lostKnown?: readonly number[]
}

/**
 * Leaves as they are kept, one after the other: their hashes, what each is, of which batch it is (`lane/number`), its entry between two
 * separators, and the tiles that should be the same.
 */
type KeptLeaves = { count: number; leaves: Buffer; marks: Buffer; batches: string[]; entries: Buffer; hashes: Buffer }
type Head = { size: number; root: Buffer; note?: string }

const leavesPerRead = 32 * tileHashes
/** What a leaf is, a letter each. */
const marks = { event: 69, batch: 66, lost: 76, other: 79, missing: 45, misplaced: 33 }
const separator = 4 // before each entry and after the last; no entry holds it
/**
 * Proves the whole log from its rows: every entry hashes to its leaf, leaves and tiles are one tree, every checkpoint that is
 * kept signed that tree at its size with a trusted key, and those that are held outside are of the same tree. Memory does not
 * grow with the log. Run it in a REPEATABLE READ transaction.
 */
export async function verifyLog(reader: Reader, trust: LogTrust): Promise<LogProof> {
  const proof: LogProof = { ok: true, size: 0, archived: 0, checkpoints: 0 }
  const bad = (firstBad: string): LogProof => ({ ...proof, ok: false, firstBad })
  const { size, horizon, origin } = await boundsOf(reader)
  const foreign = trust.outside?.find((head) => origin !== null && head.origin !== origin)
  if (foreign) return bad(`what was held outside is of the log ${foreign.origin}, and this is ${origin}`)
  const empty = trust.outside?.find((head) => head.size === 0 && !head.root.equals(openFrontier().root()))
  if (empty) return bad(`${nameOf({ size: 0, root: empty.root })} is not of the empty tree`)
  const upper = openUpperTiles()
  const frontier = openFrontier(upper.hear)
  let events = 0
  // The last sizes at which the tree was the signed one: a head that is kept may be as false as the leaves, so it vouches for
  // nothing to those held outside.
  const sound = { kept: 0, outside: 0 }

  let reading = readAhead(reader, 0, Math.min(leavesPerRead, size), trust)
  for (let first = 0; first < size; first += leavesPerRead) {
    let [kept, heads] = await reading
    const end = Math.min(first + leavesPerRead, size)
    const missing = kept.count === end - first ? undefined : await firstMissing(reader, first, end)
    if (missing !== undefined) {
      kept = await readLeaves(reader, first, missing)
      kept.hashes = kept.hashes.subarray(0, kept.leaves.length) // what comes before is looked at, and no further
    } else if (end < size) reading = readAhead(reader, end, Math.min(end + leavesPerRead, size), trust)
    reading.catch(() => {}) // it is awaited above, or found out to be of no use
    await sent()
    const entries = openEntries(kept, first, horizon, trust.lostKnown ?? [])
    for (let from = 0; from < kept.count; from += tileHashes) {
      const to = Math.min(from + tileHashes, kept.count)
      const read = entries.hold(from, to)
      if (read.firstBad !== undefined) return bad(read.firstBad)
      proof.archived += read.archived
      events += read.events
      for (let at = from; at < to; at++) {
        frontier.add(read.leaves.slice((at - from) * hashBytes, (at - from + 1) * hashBytes))
        for (; heads[0]?.size === frontier.size; heads.shift()) {
          const found = faultOf(heads[0], frontier.root(), trust)
          const held = heads[0].note === undefined ? 'outside' : 'kept'
          if (found !== undefined)
            return bad(`${found}; the first bad leaf is one of ${sound[held]} to ${heads[0].size - 1}`)
          sound[held] = heads[0].size
          proof.checkpoints++
        }
      }
    }
    proof.size = frontier.size
    if (missing !== undefined) return bad(`leaf ${missing} is missing`)
    const wrong = await upper.compare(reader, false)
    if (wrong !== undefined) return bad(wrong)
  }
  const wrong = await upper.compare(reader, true)
  if (wrong !== undefined) return bad(wrong)
  const [gone] = await headsBetween(reader, size, Number.MAX_SAFE_INTEGER, trust)
  if (gone) return bad(`leaf ${size} is missing: ${nameOf(gone)} signed ${gone.size}`)
  if (sound.kept !== size) return bad(`leaf ${sound.kept} is under no checkpoint`)
  const stray = await strayEvent(reader, events)
  return stray === undefined ? proof : bad(stray)
}

async function boundsOf(reader: Reader): Promise<{ size: number; horizon: number; origin: string | null }> {
  const [row] = await reader<Array<{ size: bigint; horizon: bigint; origin: string | null }>>`
    select coalesce((select max(index) + 1 from audit.leaves), 0) as size, (select index from audit.horizon) as horizon,
      (select split_part(note, E'\\n', 1) from audit.checkpoints order by size desc limit 1) as origin`
  return { size: Number(row!.size), horizon: Number(row!.horizon), origin: row!.origin }
}

/** The leaves of a run and the heads that signed in it, asked for together. */
function readAhead(reader: Reader, first: number, end: number, trust: LogTrust): Promise<[KeptLeaves, Head[]]> {
  return Promise.all([readLeaves(reader, first, end), headsBetween(reader, first, end, trust)])
}

/** The driver writes a question two turns of the event loop later; a walk that began before would keep it from being asked. */
async function sent(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Entries come as they are, in UTF-8: as bytes each would travel as two letters, which costs more than hashing it. Whether they
 * come in order is not taken on trust: out of order they are not their leaves'. What kind of leaf one is and what it is of no hash
 * says, so that is held against the entry, which the hash is of: an event's stands among the events and nowhere else, a batch's names its batch.
 */
async function readLeaves(reader: Reader, first: number, end: number): Promise<KeptLeaves> {
  const [row] = await reader`
    select count(*), string_agg(leaf, ''::bytea), string_agg(mark, ''), string_agg(case when mark = 'B' then ref else '' end, ' '),
      E'\\x04' || string_agg(coalesce(entry, ''), E'\\x04') || E'\\x04', (
      select string_agg(hashes, ''::bytea order by index) from audit.tiles
      where level = 0 and index >= ${Math.floor(first / tileHashes)} and index < ${Math.ceil(end / tileHashes)})
    from (
      select leaf, ref, entry, case when misplaced then '!' when entry is null then '-' when kind = 'event' then 'E' when kind = 'batch' then 'B'
        when kind = 'lost' then 'L' else 'O' end as mark
      from (
        select l.index, l.leaf, l.kind, l.ref,
          case when l.kind <> 'event' then l.entry when length(l.ref) = 36 then
            (select e.entry from audit.events e where e.id = l.ref::uuid) end as entry,
          case l.kind
            when 'event' then l.entry is not null
            when 'lost' then l.entry is distinct from format('{"event":"%s","kind":"lost"}', l.ref)
            when 'batch' then l.ref is distinct from b.lane || '/' || b.batch
            else true
          end as misplaced
        from audit.leaves l
        left join audit.batches b on b.index = l.index and b.index >= ${first} and b.index < ${end} and l.kind = 'batch'
        where l.index >= ${first} and l.index < ${end} order by l.index
      ) leaves
    ) marked`.raw()
  const [count, leaves, marks, batches, entries, hashes] = row as unknown as Array<Buffer | null>
  return {
    count: Number(count),
    leaves: bytesOf(leaves),
    marks: marks ?? Buffer.alloc(0),
    batches: batches?.toString('latin1').split(' ') ?? [],
    entries: entries ?? Buffer.alloc(0),
    hashes: bytesOf(hashes),
  }
}

/** PostgreSQL's text form of bytes. */
function bytesOf(text: Buffer | null | undefined): Buffer {
  return Buffer.from(text?.toString('latin1', 2) ?? '', 'hex')
}

/** Holds each entry of a run of leaves against its leaf, and the leaves against their tiles. */
function openEntries(
  { count, leaves, marks: marked, batches, entries, hashes }: KeptLeaves,
  first: number,
  horizon: number,
  lostKnown: readonly number[],
) {
  const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.length) // a part of a Buffer costs more
  let place = 0 // of the separator before the next entry
  const faultOfEntry = (at: number, mark: number, leaf: string, end: number): string | undefined => {
    if (mark === marks.missing) return first + at >= horizon ? ': its entry is missing' : undefined
    if (mark === marks.misplaced) return ' is not what it says it is'
    entries[place] = 0 // as it goes into the hash of a leaf
    const entry = bytes.subarray(place, end)
    if (hash('sha256', entry, 'latin1') !== leaf) return ': its entry was changed'
    if (mark === marks.batch && !isOfBatch(entry, batches[at]!)) return ' is not what it says it is'
    if (mark !== marks.lost || lostKnown.includes(first + at)) return undefined
    return `: event ${entries.toString('utf8', place + 11, place + 47)} was taken out before it was sealed`
  }
  return {
    /** Texts of 32 characters, one after the other, are cut from one that is read at once: a text each would cost as much as a hash. */
    hold(from: number, to: number): { leaves: string; archived: number; events: number; firstBad?: string } {
      const read = { leaves: leaves.toString('latin1', from * hashBytes, to * hashBytes), archived: 0, events: 0 }
      for (let at = from; at < to; at++) {
        const mark = marked[at]!
        const end = entries.indexOf(separator, place + 1)
        const leaf = read.leaves.slice((at - from) * hashBytes, (at - from + 1) * hashBytes)
        const fault = faultOfEntry(at, mark, leaf, end)
        if (fault !== undefined) return { ...read, firstBad: `leaf ${first + at}${fault}` }
        if (mark === marks.missing) read.archived++
        if (mark === marks.event) read.events++
        place = end
      }
      if (to === count && place !== entries.length - 1)
        return { ...read, firstBad: `leaf ${first} or one of the ${count} from it on: its entry was changed` }
      const [made, kept] = [leaves, hashes].map((each) => each.subarray(from * hashBytes, to * hashBytes))
      const over = to * hashBytes === leaves.length && hashes.length > leaves.length ? to : undefined
      const other = made?.equals(kept!) ? over : from + firstOther(made!, kept!)
      return other === undefined ? read : { ...read, firstBad: `leaf ${first + other} is not the one in the tree` }
    },
  }
}

/** Which of two runs of hashes is the first that differs. */
function firstOther(one: Buffer, other: Buffer): number {
  let at = 0
  while (
    one.subarray(at * hashBytes, (at + 1) * hashBytes).equals(other.subarray(at * hashBytes, (at + 1) * hashBytes))
  )
    at++
  return at
}

/** The heads that signed sizes above one and up to another, smallest first, those held outside among them. */
async function headsBetween(reader: Reader, above: number, upTo: number, { outside = [] }: LogTrust): Promise<Head[]> {
  const kept = await reader<Array<{ size: bigint; root: Buffer; note: string }>>`
    select size, root, note from audit.checkpoints where size > ${above} and size <= ${upTo} order by size`
  return [
    ...kept.map((row) => ({ ...row, size: Number(row.size) })),
    ...outside.filter(({ size }) => size > above && size <= upTo).map(({ size, root }) => ({ size, root })),
  ].sort((one, other) => one.size - other.size)
}

/** What is wrong with a head, given the root that the leaves lead to. */
function faultOf({ size, root, note }: Head, found: Buffer, { keys }: LogTrust): string | undefined {
  if (!root.equals(found)) return `${nameOf({ size, root, ...(note ? { note } : {}) })} is of another tree`
  if (note === undefined) return undefined
  try {
    const read = readNote(note)
    signersAt(read, keys, size)
    const said = readCheckpointText(read.text)
    if (said.size !== size || !said.root.equals(root)) return `checkpoint ${size} says something else`
    return undefined
  } catch (error) {
    return `checkpoint ${size} is not signed by this log (${(error as Error).message})`
  }
}

function nameOf({ size, note }: Head): string {
  return note === undefined ? `what was seen from outside at ${size}` : `checkpoint ${size}`
}

/** The tiles above the leaves, as the walk makes them, to be held against those that are kept. */
function openUpperTiles() {
  type Made = { level: number; index: number; hashes: string }
  const growing: Made[] = []
  let full: Made[] = []
  return {
    hear(height: number, at: number, hash: string) {
      const level = height / 8
      growing[level] ??= { level, index: 0, hashes: '' }
      const tile = growing[level]
      tile.hashes += hash
      if ((at + 1) % tileHashes !== 0) return
      full.push(tile)
      growing[level] = { level, index: tile.index + 1, hashes: '' }
    },
    async compare(reader: Reader, last: boolean): Promise<string | undefined> {
      const made = last ? [...full, ...growing.filter((tile) => tile && tile.hashes !== '')] : full
      full = []
      for (const { level, index, hashes } of made) {
        const [kept] = await reader<Array<{ hashes: Buffer }>>`
          select hashes from audit.tiles where level = ${level} and index = ${index}`
        if (kept?.hashes.toString('latin1') !== hashes) {
          const leaves = tileHashes ** (level + 1)
          return `leaf ${index * leaves}: the tile ${level}/${index} over it and those after was changed`
        }
      }
      return undefined
    },
  }
}

async function firstMissing(reader: Reader, from: number, to: number): Promise<number> {
  const [row] = await reader<Array<{ index: bigint }>>`
    select n as index from generate_series(${from}::bigint, ${to - 1}::bigint) n
    where not exists (select from audit.leaves where index = n) order by n limit 1`
  return Number(row?.index ?? from)
}

/** Events are leaves or wait to be; one that is neither was slipped in. */
async function strayEvent(reader: Reader, leaves: number): Promise<string | undefined> {
  const [counted] = await reader<Array<{ events: bigint; waiting: bigint }>>`
    select (select count(*) from audit.events) as events,
      (select count(*) from audit.unsealed u join audit.events e on e.id = u.event) as waiting`
  if (Number(counted!.events - counted!.waiting) === leaves) return undefined
  const [stray] = await reader<Array<{ id: string }>>`
    select id from audit.events e
    where not exists (select from audit.leaves where kind = 'event' and ref = e.id::text)
      and not exists (select from audit.unsealed where event = e.id) order by id limit 1`
  return `event ${stray?.id} is no leaf and does not wait to be one`
}
