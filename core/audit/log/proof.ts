import { type Reader, Refusal } from '#base'
import { checkpointOver, publishedNote } from './cosignature.ts'
import { keptCheckpoint, leafOf } from './log.ts'
import type { NoteKey } from './note.ts'
import { readRoots } from './tiles.ts'
import { consistencyRanges, inclusionRanges } from './tree.ts'

/** The hashes that lead from a leaf to the root of the tree of a size, from the leaf up (RFC 6962, 2.1.1). */
export async function inclusionPath(reader: Reader, index: number, size: number): Promise<Buffer[]> {
  return await readRoots(reader, inclusionRanges(index, size))
}

/** The hashes that show that the tree of a size begins with that of an older size (RFC 6962, 2.1.2). */
export async function consistencyPath(reader: Reader, oldSize: number, size: number): Promise<Buffer[]> {
  return await readRoots(reader, consistencyRanges(oldSize, size))
}

export type InclusionProof = {
  index: number
  /** The bytes that the leaf is a hash of, as text; null once they are archived. */
  entry: string | null
  leaf: Buffer
  /** Everything else to check it with, as text (C2SP tlog-proof): index, path, checkpoint with its signatures. */
  proof: string
  /** How that checkpoint's tree and one that the asker holds are one log, where they were asked for together. */
  consistency?: ConsistencyPath
}
/** Shows that the tree of a size begins with that of an older one. */
export type ConsistencyPath = { from: number; to: number; path: Buffer[] }

/** Whose signatures go along with a checkpoint, and the size of one that the asker holds. */
export type Asking = { witnesses?: readonly NoteKey[]; held?: number | undefined }

/**
 * Proves that an entry is in the log, under the newest checkpoint that a witness signed and that covers it, or the newest at
 * all.
 *
 * @throws Refusal `audit.not_sealed` when there is no such leaf, yet; `audit.size_unknown` when the log never was as large as what is held
 */
export async function proveInclusion(
  reader: Reader,
  which: { index: number } | { ref: string },
  { witnesses = [], held }: Asking = {},
): Promise<InclusionProof> {
  const leaf = await leafOf(reader, which)
  const checkpoint = leaf && (await checkpointOver(reader, leaf.index, witnesses))
  if (!leaf || !checkpoint) throw notSealed()
  const path = await inclusionPath(reader, leaf.index, checkpoint.size)
  const lines = ['c2sp.org/tlog-proof@v1', `index ${leaf.index}`, ...path.map((hash) => hash.toString('base64'))]
  return {
    index: leaf.index,
    entry: leaf.entry,
    leaf: leaf.leaf,
    proof: `${lines.join('\n')}\n\n${await publishedNote(reader, checkpoint, witnesses)}`,
    ...(held === undefined ? {} : { consistency: await consistencyWith(reader, held, checkpoint.size) }),
  }
}

/** Between a tree that is held and another, whichever is older. */
async function consistencyWith(reader: Reader, held: number, size: number): Promise<ConsistencyPath> {
  const newest = await keptCheckpoint(reader)
  if (!newest || held > newest.size) throw sizeUnknown()
  const [from, to] = held < size ? [held, size] : [size, held]
  return { from, to, path: await consistencyPath(reader, from, to) }
}

/** Proves that the newest tree, or that of `size`, begins with the one of an older size. @throws Refusal `audit.size_unknown` */
export async function proveConsistency(
  reader: Reader,
  { oldSize, size, witnesses = [] }: { oldSize: number; size?: number | undefined; witnesses?: readonly NoteKey[] },
): Promise<ConsistencyPath & { checkpoint: string }> {
  const checkpoint = await keptCheckpoint(reader, size)
  if (!checkpoint || oldSize > checkpoint.size) throw sizeUnknown()
  return {
    from: oldSize,
    to: checkpoint.size,
    path: await consistencyPath(reader, oldSize, checkpoint.size),
    checkpoint: await publishedNote(reader, checkpoint, witnesses),
  }
}

export function notSealed(): Refusal {
  return new Refusal('absent', 'audit.not_sealed', 'This is not in the log, or not yet. Ask again in some seconds.')
}

function sizeUnknown(): Refusal {
  return new Refusal('absent', 'audit.size_unknown', 'The log never signed a tree of this size.')
}
