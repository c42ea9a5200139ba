import { hash } from 'node:crypto'
import type { Reader } from '#base'
import { type Checkpoint, readCheckpointText } from './checkpoint.ts'
import { openFrontier } from './frontier.ts'
import { type NoteKey, readNote, signersOf } from './note.ts'
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
  /** The log's own keys, from the token or from paper: not from the database that is being verified. */
  keys: readonly NoteKey[]
  /** Checkpoints that somebody outside holds. */
  outside?: readonly Checkpoint[]
}

/** 256 leaves as they are kept: their hashes, their entries with the length before each, and the tile that should be the same. */
type KeptTile = { tile: bigint; count: number; leaves: Buffer; entries: Buffer; hashes: Buffer | null }
type Head = { size: number; root: Buffer; note?: string }

const tilesPerRead = 32

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
  const upper = openUpperTiles()
  const frontier = openFrontier(upper.hear)
  let events = 0
  // The last sizes at which the tree was the signed one: a head that is kept may be as false as the leaves, so it vouches for
  // nothing to those held outside.
  const sound = { kept: 0, outside: 0 }

  let reading = readTiles(reader, 0)
  for (let first = 0; first < size; first += tilesPerRead * tileHashes) {
    const end = Math.min(first + tilesPerRead * tileHashes, size)
    const tiles = await reading
    const heads = await headsBetween(reader, first, end, trust)
    reading = end < size ? readTiles(reader, end) : Promise.resolve([])
    reading.catch(() => {}) // it is awaited above, or found out to be of no use
    for (const tile of tiles) {
      const from = Number(tile.tile) * tileHashes
      if (from !== frontier.size || tile.count !== Math.min(tileHashes, size - from))
        return bad(`leaf ${await firstMissing(reader, frontier.size)} is missing`)
      const read = readEntries(tile, horizon)
      if (read.firstBad !== undefined) return bad(read.firstBad)
      proof.archived += read.archived
      events += read.events
      for (let at = 0; at < tile.count; at++) {
        frontier.add(tile.leaves.toString('latin1', at * hashBytes, (at + 1) * hashBytes))
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
    if (frontier.size < end) return bad(`leaf ${frontier.size} is missing`)
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

/** Entries come with a zero byte before each, as it goes into the hash; one that is not there has the length -1. */
async function readTiles(reader: Reader, first: number): Promise<KeptTile[]> {
  return await reader<KeptTile[]>`
    select k.*, t.hashes from (
      select index / ${tileHashes} as tile, count(*)::int as count, string_agg(leaf, ''::bytea order by index) as leaves,
        string_agg(case when entry is null then '\\xffffffff' else
          int4send(octet_length(entry)) || (case kind when 'event' then '\\x0100'::bytea else '\\x0000' end) || convert_to(entry, 'UTF8') end,
          ''::bytea order by index) as entries
      from (
        select l.index, l.leaf, l.kind, coalesce(l.entry, e.entry) as entry
        from audit.leaves l left join audit.events e on e.id = case when l.kind = 'event' and length(l.ref) = 36 then l.ref::uuid end
        where l.index >= ${first} and l.index < ${first + tilesPerRead * tileHashes} order by l.index
      ) leaves
      group by 1
    ) k left join audit.tiles t on t.level = 0 and t.index = k.tile
    order by k.tile`
}

/** Holds each entry of a tile against its leaf, and the leaves against the tile. */
function readEntries({ tile, count, leaves, entries, hashes }: KeptTile, horizon: number) {
  const first = Number(tile) * tileHashes
  let [archived, events, place] = [0, 0, 0]
  let firstBad: string | undefined
  for (let at = 0; at < count && firstBad === undefined; at++) {
    const length = entries.readInt32BE(place)
    place += 4
    if (length === -1) {
      if (first + at >= horizon) firstBad = `leaf ${first + at}: its entry is missing`
      archived++
      continue
    }
    const found = hash('sha256', entries.subarray(place + 1, place + 2 + length), 'latin1')
    if (found !== leaves.toString('latin1', at * hashBytes, (at + 1) * hashBytes))
      firstBad = `leaf ${first + at}: its entry was changed`
    events += entries[place]!
    place += 2 + length
  }
  if (firstBad === undefined && !hashes?.equals(leaves)) {
    let at = 0
    while (
      hashes
        ?.subarray(at * hashBytes, (at + 1) * hashBytes)
        .equals(leaves.subarray(at * hashBytes, (at + 1) * hashBytes))
    )
      at++
    firstBad = `leaf ${first + at} is not the one in the tree`
  }
  return { archived, events, firstBad }
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
    signersOf(read, keys)
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

async function firstMissing(reader: Reader, from: number): Promise<number> {
  const [row] = await reader<Array<{ index: bigint }>>`
    select n as index from generate_series(${from}::bigint, ${from + tileHashes}::bigint) n
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
