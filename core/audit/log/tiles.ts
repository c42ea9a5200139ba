import { numberArray, type Reader, type Tx } from '#base'
import { hashBytes, type Range, rootOf, rootOfHashes, type Subtree, subtreesOf } from './tree.ts'

/** How many hashes a tile holds; a tile of a level is a hash of the level above (C2SP tlog-tiles). */
export const tileHashes = 256
const tileHeight = 8
const tileBytes = tileHashes * hashBytes

export type Tile = { level: number; index: number; hashes: Buffer }

/** The right edge of the tree: of each level the hashes of its last tile, when that is not full. All that growing needs. */
export type Edge = { size: number; levels: readonly Buffer[] }

/** The edge of a tree of a size, of which nothing after it is looked at. */
export async function readEdge(reader: Reader, size: number): Promise<Edge> {
  const widths: number[] = []
  for (let count = size; count > 0; count = Math.floor(count / tileHashes)) widths.push(count % tileHashes)
  const wanted = widths.map((_, level) => ({ level, index: Math.floor(size / tileHashes ** (level + 1)) }))
  const tiles = await readTiles(
    reader,
    wanted.filter(({ level }) => widths[level]! > 0),
  )
  const levels = wanted.map(({ level, index }) => {
    const hashes = tiles.get(nameOf(level, index)) ?? Buffer.alloc(0)
    return Buffer.from(hashes.subarray(0, widths[level]! * hashBytes))
  })
  return { size, levels }
}

/** The tree with more leaves, whose hashes stand one after the other, and the tiles that are new or longer by it. */
export function grow(edge: Edge, leaves: Uint8Array): { edge: Edge; tiles: Tile[] } {
  const levels: Buffer[] = [...edge.levels]
  const tiles: Tile[] = []
  let added: Uint8Array = leaves
  for (let level = 0; added.length > 0; level++) {
    const hashes = Buffer.concat([levels[level] ?? Buffer.alloc(0), added])
    let index = Math.floor(edge.size / tileHashes ** (level + 1))
    const rising: Buffer[] = []
    let at = 0
    for (; at + tileBytes <= hashes.length; at += tileBytes) {
      const full = hashes.subarray(at, at + tileBytes)
      tiles.push({ level, index: index++, hashes: full })
      rising.push(rootOfHashes(full))
    }
    levels[level] = hashes.subarray(at)
    if (at < hashes.length) tiles.push({ level, index, hashes: hashes.subarray(at) })
    added = Buffer.concat(rising)
  }
  return { edge: { size: edge.size + leaves.length / hashBytes, levels }, tiles }
}

/** The root of the whole tree, which the edge is enough for. */
export function rootOfEdge({ size, levels }: Edge): Buffer {
  return rootOf({ from: 0, to: size }, (subtree) => {
    const { level, from, count } = placeOf(subtree)
    return rootOfHashes((levels[level] ?? Buffer.alloc(0)).subarray(from * hashBytes, (from + count) * hashBytes))
  })
}

/** The roots over runs of leaves, out of one reading of the tiles they need. @throws Error when a tile is not there */
export async function readRoots(reader: Reader, ranges: readonly Range[]): Promise<Buffer[]> {
  const places = ranges.flatMap(subtreesOf).map(placeOf)
  const tiles = await readTiles(reader, places)
  const hashOf = (subtree: Subtree): Buffer => {
    const { level, index, from, count } = placeOf(subtree)
    const hashes = tiles.get(nameOf(level, index))?.subarray(from * hashBytes, (from + count) * hashBytes)
    if (hashes?.length !== count * hashBytes) throw new Error(`the log lacks hashes of its tile ${level}/${index}`)
    return rootOfHashes(hashes)
  }
  return ranges.map((range) => rootOf(range, hashOf))
}

/** A tile as it was when it had so many hashes; undefined when it never was or is shorter. */
export async function readTile(
  reader: Reader,
  { level, index, width }: { level: number; index: number; width: number },
): Promise<Buffer | undefined> {
  const hashes = (await readTiles(reader, [{ level, index }])).get(nameOf(level, index))
  return hashes && hashes.length >= width * hashBytes ? hashes.subarray(0, width * hashBytes) : undefined
}

export async function writeTiles(tx: Tx, tiles: readonly Tile[]): Promise<void> {
  await tx`
    select audit.write_tiles(${numberArray(tiles.map(({ level }) => level))}::text::smallint[],
      ${numberArray(tiles.map(({ index }) => index))}::text::bigint[], ${bytesArray(tiles.map(({ hashes }) => hashes))}::text::bytea[])`
}

/** PostgreSQL's text form of an array of bytes. */
function bytesArray(values: readonly Uint8Array[]): string {
  return `{${values.map((value) => `"\\\\x${Buffer.from(value).toString('hex')}"`).join(',')}}`
}

/** Where the hashes below a subtree stand: in which tile, from which on, how many. */
function placeOf({ height, index }: Subtree) {
  const level = Math.floor(height / tileHeight)
  const count = 2 ** (height % tileHeight)
  const first = index * count
  return { level, index: Math.floor(first / tileHashes), from: first % tileHashes, count }
}

async function readTiles(
  reader: Reader,
  wanted: ReadonlyArray<{ level: number; index: number }>,
): Promise<Map<string, Buffer>> {
  const once = [...new Map(wanted.map((tile) => [nameOf(tile.level, tile.index), tile])).values()]
  if (once.length === 0) return new Map()
  const rows = await reader<Array<{ level: number; index: bigint; hashes: Buffer }>>`
    select t.level, t.index, t.hashes
    from unnest(${numberArray(once.map(({ level }) => level))}::text::smallint[],
      ${numberArray(once.map(({ index }) => index))}::text::bigint[]) w (level, index)
    join audit.tiles t on t.level = w.level and t.index = w.index`
  return new Map(rows.map((row) => [nameOf(row.level, Number(row.index)), row.hashes]))
}

function nameOf(level: number, index: number): string {
  return `${level}/${index}`
}
