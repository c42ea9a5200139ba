import { type Reader, Refusal } from '#base'
import { checkpointOver, keptCheckpoint, leafOf, publishedNote } from './log.ts'
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
}

/**
 * Proves that an entry is in the log, under the newest checkpoint that a witness signed and that covers it, or the newest at
 * all.
 *
 * @throws Refusal `audit.not_sealed` when there is no such leaf, yet
 */
export async function proveInclusion(
  reader: Reader,
  which: { index: number } | { ref: string },
): Promise<InclusionProof> {
  const leaf = await leafOf(reader, which)
  const checkpoint = leaf && (await checkpointOver(reader, leaf.index))
  if (!leaf || !checkpoint) throw notSealed()
  const path = await inclusionPath(reader, leaf.index, checkpoint.size)
  const lines = ['c2sp.org/tlog-proof@v1', `index ${leaf.index}`, ...path.map((hash) => hash.toString('base64'))]
  return {
    index: leaf.index,
    entry: leaf.entry,
    leaf: leaf.leaf,
    proof: `${lines.join('\n')}\n\n${await publishedNote(reader, checkpoint)}`,
  }
}

/** Proves that the newest tree, or that of `size`, begins with the one of an older size. @throws Refusal `audit.size_unknown` */
export async function proveConsistency(
  reader: Reader,
  oldSize: number,
  size?: number,
): Promise<{ oldSize: number; size: number; path: Buffer[]; checkpoint: string }> {
  const checkpoint = await keptCheckpoint(reader, size)
  if (!checkpoint || oldSize > checkpoint.size) throw sizeUnknown()
  return {
    oldSize,
    size: checkpoint.size,
    path: await consistencyPath(reader, oldSize, checkpoint.size),
    checkpoint: await publishedNote(reader, checkpoint),
  }
}

export function notSealed(): Refusal {
  return new Refusal('absent', 'audit.not_sealed', 'This is not in the log, or not yet. Ask again in some seconds.')
}

function sizeUnknown(): Refusal {
  return new Refusal('absent', 'audit.size_unknown', 'The log never signed a tree of this size.')
}
