import { hash } from 'node:crypto'
import { hashBytes } from './tree.ts'

/**
 * A tree that is walked once from its first leaf to its last: keeps one hash per height, and tells each complete subtree as it
 * closes. Hashes are texts of 32 characters (latin1), which come out of the hash and go into it without a copy of their own.
 */
export type Frontier = {
  readonly size: number
  add(leaf: string): void
  /** The root over all leaves so far. */
  root(): Buffer
}

export function openFrontier(closed: (height: number, index: number, hash: string) => void = () => {}): Frontier {
  const held: string[] = []
  const input = Buffer.alloc(1 + 2 * hashBytes, 1)
  const node = (left: string, right: string) => {
    input.write(left + right, 1, 2 * hashBytes, 'latin1')
    return hash('sha256', input, 'latin1')
  }
  let size = 0
  return {
    get size() {
      return size
    },
    add(leaf) {
      let [at, height, found] = [size, 0, leaf]
      for (; at % 2 === 1; at = (at - 1) / 2) {
        found = node(held[height]!, found)
        height++
        if (height % 8 === 0) closed(height, (at - 1) / 2, found)
      }
      held[height] = found
      size++
    },
    root() {
      let found: string | undefined
      for (let [rest, height] = [size, 0]; rest > 0; rest = Math.floor(rest / 2), height++)
        if (rest % 2 === 1) found = found === undefined ? held[height]! : node(held[height]!, found)
      return found === undefined ? hash('sha256', '', 'buffer') : Buffer.from(found, 'latin1')
    },
  }
}
