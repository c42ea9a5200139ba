import { hash } from 'node:crypto'
import { emptyRoot, hashBytes, nodeHash } from '#base'

export { hashBytes, isConsistent, isIncluded, nodeHash } from '#base'

/**
 * The Merkle tree of RFC 6962 and RFC 9162 over SHA-256. Everything here is arithmetic: which hashes a
 * proof is made of; whether one holds is in `#base`. Sizes and indexes are whole numbers below 2^53; hashes are 32 bytes.
 */

/** A run of leaves, `from` included, `to` not. */
export type Range = { from: number; to: number }

/** A complete subtree: the leaves from `index`·2^`height` on, 2^`height` of them. */
export type Subtree = { height: number; index: number }

const leafInput = Buffer.from([0])
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1)

/** The hash of an entry as a leaf. */
export function leafHash(entry: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', Buffer.concat([leafInput, entry]), 'latin1'), 'latin1')
}

/** The hashes of entries that are texts, one after the other. A text goes into the hash faster than bytes of its own would. */
export function leafHashes(entries: readonly string[]): Buffer {
  const hashes = Buffer.alloc(entries.length * hashBytes)
  for (const [n, entry] of entries.entries())
    hashes.write(hash('sha256', `\0${entry}`, 'latin1'), n * hashBytes, hashBytes, 'latin1')
  return hashes
}

/**
 * The root over hashes that stand one after the other in a buffer, which need not be a power of two in number. A text comes
 * out of the hash faster than a buffer of its own, and every level is written over the one before.
 */
export function rootOfHashes(hashes: Uint8Array): Buffer {
  if (hashes.length === 0) return emptyRoot
  const level = Buffer.from(hashes)
  for (let count = level.length / hashBytes; count > 1; count = Math.ceil(count / 2)) {
    const pairs = Math.floor(count / 2)
    for (let pair = 0; pair < pairs; pair++) {
      level.copy(nodeInput, 1, pair * 64, pair * 64 + 64)
      level.write(hash('sha256', nodeInput, 'latin1'), pair * hashBytes, hashBytes, 'latin1')
    }
    // The last one without a partner rises as it is; so the split is always at the largest power of two (RFC 6962, 2.1).
    if (count % 2 === 1) level.copy(level, pairs * hashBytes, (count - 1) * hashBytes, count * hashBytes)
  }
  return Buffer.from(level.subarray(0, hashBytes))
}

/** The root over a run of leaves, from the hashes of complete subtrees. The run begins where a subtree of its size may. */
export function rootOf(range: Range, hashOf: (subtree: Subtree) => Buffer): Buffer {
  if (range.from === range.to) return emptyRoot
  return subtreesOf(range)
    .map(hashOf)
    .reduceRight((right, left) => nodeHash(left, right))
}

/** The complete subtrees that make up a run of leaves, from left to right. */
export function subtreesOf({ from, to }: Range): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = from; at < to; ) {
    let height = 0
    while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= to) height++
    subtrees.push({ height, index: at / 2 ** height })
    at += 2 ** height
  }
  return subtrees
}

/** What the inclusion proof of a leaf is made of, from the leaf's sibling up (RFC 6962, 2.1.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!isBelow(index, size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`)
  const ranges: Range[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from)
    ranges.unshift(index < middle ? { from: middle, to } : { from, to: middle })
    if (index < middle) to = middle
    else from = middle
  }
  return ranges
}

/** The inclusion proof of one of the hashes that stand one after the other in a buffer. */
export function inclusionPathIn(hashes: Buffer, index: number): Buffer[] {
  return inclusionRanges(index, hashes.length / hashBytes).map(({ from, to }) =>
    rootOfHashes(hashes.subarray(from * hashBytes, to * hashBytes)),
  )
}

/** What the proof is made of that a tree of `size` begins with one of `oldSize` leaves (RFC 6962, 2.1.2). */
export function consistencyRanges(oldSize: number, size: number): Range[] {
  if (!isBelow(oldSize, size + 1)) throw new RangeError(`a tree of ${size} does not begin with one of ${oldSize}`)
  if (oldSize === 0 || oldSize === size) return []
  const ranges: Range[] = []
  let [from, to, known] = [0, size, true]
  while (oldSize < to) {
    const middle = from + splitOf(to - from)
    if (oldSize <= middle) {
      ranges.unshift({ from: middle, to })
      to = middle
    } else {
      ranges.unshift({ from, to: middle })
      from = middle
      known = false
    }
  }
  return known ? ranges : [{ from, to }, ...ranges]
}

/** The largest power of two below a number of leaves. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

function isBelow(n: number, bound: number): boolean {
  return Number.isSafeInteger(n) && Number.isSafeInteger(bound) && n >= 0 && n < bound
}
