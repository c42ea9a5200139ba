import type { Asker } from './asker.ts'

/**
 * Whose sign-ins are, as cores told: of a player with several, all are one asker. Memory that the workers of a host share, without locks, of a fixed size:
 * when there is no room, a sign-in goes whose owner is then asked for again.
 */
export type Owners = {
  /** Undefined where nobody has told, or it had to make room. */
  of(session: Asker): Asker | undefined
  tell(session: Asker, player: Asker): void
}

const entryWords = 4
const bucketWords = 4 * entryWords // one line of a processor's cache

/** @param places shared, all zeros at first: four words for each of 2^n sign-ins, at least four of them */
export function openOwners(places: Int32Array): Owners {
  const buckets = places.length / bucketWords
  if (buckets < 1 || !Number.isInteger(Math.log2(buckets))) throw new RangeError('there are 2^n places')
  return {
    of(session) {
      const begin = bucketOf(session)
      for (let place = begin; place < begin + bucketWords; place += entryWords) {
        const low = Atomics.load(places, place + 2)
        const high = Atomics.load(places, place + 3)
        if (isOf(place, session, low, high)) return { low, high }
      }
      return undefined
    },
    tell(session, { low, high }) {
      const place = placeFor(session, high)
      Atomics.store(places, place, session.low ^ low)
      Atomics.store(places, place + 1, session.high ^ high)
      Atomics.store(places, place + 2, low)
      Atomics.store(places, place + 3, high)
    },
  }

  function bucketOf({ low }: Asker): number {
    return (low & (buckets - 1)) * bucketWords
  }

  /** A sign-in stands there hidden by its owner, so that half of one entry and half of another are nobody's. */
  function isOf(place: number, session: Asker, low: number, high: number): boolean {
    if (low === 0 && high === 0) return false // nobody
    return (
      (Atomics.load(places, place) ^ low) === session.low && (Atomics.load(places, place + 1) ^ high) === session.high
    )
  }

  /** Where it stands already, else what is free, else what chance says. */
  function placeFor(session: Asker, chance: number): number {
    const begin = bucketOf(session)
    let free: number | undefined
    for (let place = begin; place < begin + bucketWords; place += entryWords) {
      const low = Atomics.load(places, place + 2)
      const high = Atomics.load(places, place + 3)
      if (isOf(place, session, low, high)) return place
      if (low === 0 && high === 0) free ??= place
    }
    return free ?? begin + (chance & 3) * entryWords
  }
}
