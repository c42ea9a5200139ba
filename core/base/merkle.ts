import { hash } from 'node:crypto'

/**
 * Whether proofs of a Merkle tree hold (RFC 6962 and RFC 9162, SHA-256). Here, because two who do not believe each other ask it: the
 * key agent of the log that it signs, and the log of itself. Sizes and indexes are whole numbers below 2^53; hashes are 32 bytes.
 */
export const hashBytes = 32

/** The root of a tree without leaves. */
export const emptyRoot = hash('sha256', '', 'buffer')
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1)

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + hashBytes)
  return Buffer.from(hash('sha256', nodeInput, 'latin1'), 'latin1')
}

/** Whether a leaf is at its place in a tree (RFC 9162, 2.1.3.2). */
export function isIncluded(proof: {
  index: number
  size: number
  leaf: Uint8Array
  path: readonly Uint8Array[]
  root: Uint8Array
}): boolean {
  if (!isBelow(proof.index, proof.size) || !areHashes([proof.leaf, proof.root, ...proof.path])) return false
  let [at, last] = [proof.index, proof.size - 1]
  let found: Uint8Array = proof.leaf
  for (const hash of proof.path) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      found = nodeHash(hash, found)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else found = nodeHash(found, hash)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && isSame(found, proof.root)
}

/** Whether a tree begins with an older one (RFC 9162, 2.1.4.2). */
export function isConsistent(proof: {
  oldSize: number
  size: number
  oldRoot: Uint8Array
  root: Uint8Array
  path: readonly Uint8Array[]
}): boolean {
  const { oldSize, size, oldRoot, root } = proof
  if (!isBelow(oldSize, size + 1) || !areHashes([oldRoot, root, ...proof.path])) return false
  if (oldSize === size) return proof.path.length === 0 && isSame(oldRoot, root)
  if (oldSize === 0) return proof.path.length === 0 && isSame(oldRoot, emptyRoot)
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof.path] : proof.path
  const [first, ...rest] = path
  if (first === undefined) return false
  let [at, last] = [oldSize - 1, size - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [foundOld, found] = [first, first]
  for (const hash of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      foundOld = nodeHash(hash, foundOld)
      found = nodeHash(hash, found)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else found = nodeHash(found, hash)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && isSame(foundOld, oldRoot) && isSame(found, root)
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isPowerOfTwo(n: number): boolean {
  let power = 1
  while (power < n) power *= 2
  return power === n
}

function isBelow(n: number, bound: number): boolean {
  return Number.isSafeInteger(n) && Number.isSafeInteger(bound) && n >= 0 && n < bound
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === hashBytes)
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
