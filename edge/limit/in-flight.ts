import type { Asker } from './asker.ts'

/** How many requests of one asker a worker works on at the same time. */
export type InFlight = {
  /** False when they have as many as they may; else they have one more, until `leave`. */
  enter(asker: Asker, max: number): boolean
  leave(asker: Asker): void
}

/** Counts in the worker's own memory: what a worker that dies had under way is over. */
export function countInFlight(): InFlight {
  const counts = new Map<number, number>()
  return {
    enter(asker, max) {
      const key = keyOf(asker)
      const count = counts.get(key) ?? 0
      if (count >= max) return false
      counts.set(key, count + 1)
      return true
    },
    leave(asker) {
      const key = keyOf(asker)
      const left = (counts.get(key) ?? 1) - 1
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    },
  }
}

/** 52 bits of the hash: whole numbers a double keeps exactly. */
function keyOf({ low, high }: Asker): number {
  return (low >>> 0) * 2 ** 20 + (high & 0xfffff)
}
