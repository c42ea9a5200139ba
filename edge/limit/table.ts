/**
 * Open addressing in memory that several processes share, without a lock anywhere: who dies in the middle keeps nobody waiting. An entry is two
 * words of 32 bits: a tag, and the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371) in ticks. An entry whose time has
 * passed says the same as none, so its place is free for the next without anybody having to tidy up; when every place is taken, whoever would
 * be idle first goes.
 *
 * Times are ticks modulo 2^32: a rule's window is shorter than half of that, and `sweep` keeps places that nobody asks for from growing so old
 * that they look new. A tag is 32 bits of a keyed hash, and its place some more: two askers are held for one about once in a billion.
 */
export type Table = {
  /**
   * Takes one cell of `step` ticks for whoever `low` and `high` are. Positive: admitted, and so many ticks of backlog are theirs now.
   * Negative: refused, nothing was taken, and one is free in that many ticks.
   */
  take(low: number, high: number, now: number, step: number, tolerance: number): number
  /** Their backlog in ticks, without taking anything. */
  backlog(low: number, high: number, now: number): number
  /** Moves their arrival to at least `arrival`: others have counted more than this table knows of. */
  raise(low: number, high: number, now: number, arrival: number): void
  /** Tidies the next part of the table. */
  sweep(now: number, entries: number): void
  /** How many had to go, whose time had not come, since this process began. */
  readonly evictions: number
}

const bucketWords = 16 // eight entries: one line of a processor's cache

/** @param places shared, all zeros at first: two words for each of 2^n entries, at least 16 of them */
export function openTable(places: Int32Array): Table {
  const entries = places.length / 2
  const buckets = places.length / bucketWords
  if (buckets < 2 || !Number.isInteger(Math.log2(buckets))) throw new RangeError('a table has 2^n places')
  let swept = 0
  let evictions = 0
  return {
    take(low, high, now, step, tolerance) {
      const tag = high === 0 ? 1 : high
      for (;;) {
        const place = findOrMake(low & (buckets - 1), tag, now)
        for (;;) {
          const arrival = Atomics.load(places, place + 1)
          const backlog = backlogOf(arrival, now)
          if (backlog > tolerance) return tolerance - backlog
          if (Atomics.compareExchange(places, place + 1, arrival, (now + backlog + step) | 0) !== arrival) continue
          if (Atomics.load(places, place) === tag) return backlog + step
          Atomics.sub(places, place + 1, step) // it has become another's in this very moment
          break
        }
      }
    },
    backlog(low, high, now) {
      const place = find(low & (buckets - 1), high === 0 ? 1 : high)
      return place === -1 ? 0 : backlogOf(Atomics.load(places, place + 1), now)
    },
    raise(low, high, now, raised) {
      const place = findOrMake(low & (buckets - 1), high === 0 ? 1 : high, now)
      const arrival = Atomics.load(places, place + 1)
      if (((raised - arrival) | 0) > 0) Atomics.compareExchange(places, place + 1, arrival, raised | 0)
    },
    sweep(now, count) {
      for (let i = 0; i < count; i++) {
        const place = swept * 2
        swept = swept + 1 === entries ? 0 : swept + 1
        const tag = Atomics.load(places, place)
        const arrival = Atomics.load(places, place + 1)
        if (tag !== 0 && backlogOf(arrival, now) > 0) continue
        if (tag !== 0) Atomics.compareExchange(places, place, tag, 0)
        Atomics.compareExchange(places, place + 1, arrival, now | 0)
      }
    },
    get evictions() {
      return evictions
    },
  }

  function findOrMake(bucket: number, tag: number, now: number): number {
    for (;;) {
      const found = find(bucket, tag)
      if (found !== -1) return found
      const made = claim(bucket, tag, now)
      if (made !== -1 && settle(bucket, tag, made, now)) return made
    }
  }

  /** The place of a tag in its bucket or that one's neighbour; -1 when it has none. */
  function find(bucket: number, tag: number): number {
    for (let half = 0; half < 2; half++) {
      const begin = (bucket ^ half) * bucketWords
      for (let place = begin; place < begin + bucketWords; place += 2)
        if (Atomics.load(places, place) === tag) return place
    }
    return -1
  }

  /** Takes the place of who would be idle first; -1 when another was quicker. */
  function claim(bucket: number, tag: number, now: number): number {
    let best = -1
    let least = 2 ** 31
    for (let half = 0; half < 2 && least > 0; half++) {
      const begin = (bucket ^ half) * bucketWords
      for (let place = begin; place < begin + bucketWords && least > 0; place += 2) {
        const isFree = Atomics.load(places, place) === 0
        const backlog = isFree ? 0 : backlogOf(Atomics.load(places, place + 1), now)
        if (backlog >= least) continue
        least = backlog
        best = place
      }
    }
    const was = Atomics.load(places, best)
    const arrival = Atomics.load(places, best + 1)
    if (Atomics.compareExchange(places, best, was, tag) !== was) return -1
    if (least > 0) {
      evictions++
      Atomics.compareExchange(places, best + 1, arrival, now | 0)
    }
    return best
  }

  /**
   * Two who met the same asker at the same moment may have claimed a place each. Whoever claimed later sees both: the first in order stays, and gets
   * what was counted in the other. False: this one had to go.
   */
  function settle(bucket: number, tag: number, made: number, now: number): boolean {
    let isBefore = true
    for (let half = 0; half < 2; half++) {
      const begin = (bucket ^ half) * bucketWords
      for (let place = begin; place < begin + bucketWords; place += 2) {
        if (place === made) isBefore = false
        else if (Atomics.load(places, place) !== tag) continue
        else if (isBefore) {
          Atomics.compareExchange(places, made, tag, 0)
          return false
        } else if (Atomics.compareExchange(places, place, tag, 0) === tag) move(place, made, now)
      }
    }
    return true
  }

  function move(from: number, to: number, now: number): void {
    const backlog = backlogOf(Atomics.load(places, from + 1), now)
    for (;;) {
      const arrival = Atomics.load(places, to + 1)
      const both = (now + backlogOf(arrival, now) + backlog) | 0
      if (Atomics.compareExchange(places, to + 1, arrival, both) === arrival) return
    }
  }
}

function backlogOf(arrival: number, now: number): number {
  return Math.max(0, (arrival - now) | 0)
}
