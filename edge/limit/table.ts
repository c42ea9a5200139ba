/**
 * Open addressing in memory that several processes share, without a lock on the way of a request. An entry is two words of 32 bits: a tag, and
 * the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371) in ticks. An entry whose time has passed says the same as
 * none, so its place is free for the next without anybody having to tidy up; when every place is taken, whoever would be idle first goes.
 *
 * Times are ticks modulo 2^32: a rule's window is shorter than half of that, and `sweep` keeps places that nobody asks for from growing so old that
 * they look new. A tag is 32 bits of a keyed hash, and its place some more: two askers are held for one about once in a billion.
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

const perBucket = 8 // one line of a processor's cache
const stripes = 64
const spinsMax = 2000

/** @param words shared, all zeros at first: `wordsOf(entries)` of them. @param mark who this is among the sharing, not 0 */
export function openTable(words: Int32Array, entries: number, mark: number): Table {
  const buckets = entries / perBucket
  if (!Number.isInteger(Math.log2(buckets)) || words.length < wordsOf(entries))
    throw new RangeError('a table has 2^n places')
  const locks = words.subarray(0, stripes)
  const places = words.subarray(stripes)
  let swept = 0
  let evictions = 0
  return {
    take(low, high, now, step, tolerance) {
      const tag = high === 0 ? 1 : high
      for (;;) {
        const place = findOrMake(low & (buckets - 1), tag, now)
        for (;;) {
          const arrival = Atomics.load(places, place + 1)
          const backlog = Math.max(0, (arrival - now) | 0)
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
      return place === -1 ? 0 : Math.max(0, (Atomics.load(places, place + 1) - now) | 0)
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
        if (tag !== 0 && ((arrival - now) | 0) > 0) continue
        if (tag !== 0) Atomics.compareExchange(places, place, tag, 0)
        Atomics.compareExchange(places, place + 1, arrival, now | 0)
      }
    },
    get evictions() {
      return evictions
    },
  }

  function findOrMake(bucket: number, tag: number, now: number): number {
    const found = find(bucket, tag)
    return found === -1 ? make(bucket, tag, now) : found
  }

  /** The place of a tag in its bucket or that one's neighbour; -1 when it has none. */
  function find(bucket: number, tag: number): number {
    for (let half = 0; half < 2; half++) {
      const begin = (bucket ^ half) * perBucket * 2
      for (let place = begin; place < begin + perBucket * 2; place += 2)
        if (Atomics.load(places, place) === tag) return place
    }
    return -1
  }

  /** One maker at a time for each pair of buckets, or two of them would give one asker two places. */
  function make(bucket: number, tag: number, now: number): number {
    const stripe = (bucket >>> 1) & (stripes - 1)
    lock(stripe)
    try {
      for (;;) {
        const found = find(bucket, tag)
        if (found !== -1) return found
        const made = claim(bucket, tag, now)
        if (made !== -1) return made
      }
    } finally {
      Atomics.compareExchange(locks, stripe, mark, 0)
    }
  }

  function claim(bucket: number, tag: number, now: number): number {
    let best = -1
    let least = 2 ** 31
    for (let half = 0; half < 2 && least > 0; half++) {
      const begin = (bucket ^ half) * perBucket * 2
      for (let place = begin; place < begin + perBucket * 2; place += 2) {
        const backlog = Atomics.load(places, place) === 0 ? 0 : Math.max(0, (Atomics.load(places, place + 1) - now) | 0)
        if (backlog >= least) continue
        least = backlog
        best = place
        if (least === 0) break
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

  /** Whoever does not get it in time takes it: its holder died, or sleeps and would count one asker twice at worst. */
  function lock(stripe: number): void {
    for (let spins = 0; spins < spinsMax; spins++) if (Atomics.compareExchange(locks, stripe, 0, mark) === 0) return
    Atomics.store(locks, stripe, mark)
  }
}

export function wordsOf(entries: number): number {
  return stripes + entries * 2
}
