import { Refusal } from './refusal.ts'

/** What a batch did with one item, in the order of the items. */
type LaneRun<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>

export type LaneOptions<Item, Answer> = {
  run: LaneRun<Item, Answer>
  batchMax: number
  /** How many calls may wait; the last places are never for those who have many. */
  queueMax: number
  /** After this a call is answered whatever happens, at most an eighth of it later. */
  deadlineMs: number
  /** Did the engine say "again, please" (deadlock, serialisation failure)? Then nothing was done. */
  isRetryable(error: unknown): boolean
  /** Did we lose sight of the batch? Then nobody knows whether it was done; the key will tell. */
  isUnknown(error: unknown): boolean
  /** Told after each batch; for metrics. */
  onBatch?(facts: { size: number; waiting: number; seconds: number; outcome: 'done' | 'failed' | 'unknown' }): void
}

export type Lane<Item, Answer> = {
  /** Asks for one item; items of one affinity are done one after the other, each in a batch of its own. */
  submit(affinity: bigint, item: Item): Promise<Answer>
  readonly waiting: number
  /** Resolves when no batch that is in flight now is so any more, whatever its calls were told meanwhile. */
  returned(): Promise<unknown>
  /** Takes no more, and resolves when what was taken is answered. */
  close(): Promise<void>
}

type Call<Item, Answer> = {
  item: Item
  dueMs: number
  resolve(answer: Answer): void
  reject(error: unknown): void
}

const retriesMax = 5

/**
 * A coalescer without a timer: calls gather while a batch is in flight and leave together when it returns, so batches
 * shrink to one by themselves when it is quiet. One batch takes at most one item per affinity, and affinities take
 * turns, so nobody who floods the lane delays the others by more than one item per batch.
 *
 * The queue is shared by a dynamic threshold (Choudhury and Hahne, Dynamic queue length thresholds for shared-memory packet
 * switches, IEEE/ACM Transactions on Networking 6(2), 1998): an affinity may have as many calls waiting as there are places
 * left. One that floods alone gets half of the queue, n that flood leave every n + first place free, and who has nothing
 * waiting is refused only when there is no place at all.
 *
 * Each call is answered by its deadline: refused if its batch has not left, unknown if it has and is not back.
 *
 * @throws Refusal `base.lane_full` nothing was done; `base.lane_late` nothing was done; `base.outcome_unknown` ask again
 * with the same key
 */
export function createLane<Item, Answer>(options: LaneOptions<Item, Answer>): Lane<Item, Answer> {
  const queues = new Map<bigint, Call<Item, Answer>[]>() // in order of turn: the first key is next
  let travelling: readonly Call<Item, Answer>[] = []
  let journey = Promise.resolve()
  let waiting = 0
  let inFlight = false
  let closing: Promise<void> | undefined
  let onIdle: (() => void) | undefined
  const watch = setInterval(answerLate, options.deadlineMs / 8)
  watch.unref()

  return {
    submit(affinity, item) {
      const queue = queues.get(affinity) ?? []
      if (closing || queue.length >= options.queueMax - waiting) return Promise.reject(laneFull())
      return new Promise<Answer>((resolve, reject) => {
        queue.push({ item, dueMs: performance.now() + options.deadlineMs, resolve, reject })
        queues.set(affinity, queue)
        waiting++
        // What arrives in this turn of the event loop leaves together.
        if (!inFlight) {
          inFlight = true
          setImmediate(depart)
        }
      })
    },
    get waiting() {
      return waiting
    },
    returned: () => journey,
    close() {
      closing ??= new Promise<void>((resolve) => {
        onIdle = resolve
        if (!inFlight) resolve()
      }).then(() => clearInterval(watch))
      return closing
    },
  }

  async function depart(): Promise<void> {
    while (waiting > 0) {
      travelling = board()
      if (travelling.length === 0) continue
      journey = travel(travelling)
      await journey
    }
    travelling = []
    inFlight = false
    onIdle?.()
  }

  function board(): Call<Item, Answer>[] {
    const calls: Call<Item, Answer>[] = []
    const behind: Array<[bigint, Call<Item, Answer>[]]> = []
    const nowMs = performance.now()
    for (const [affinity, queue] of queues) {
      if (calls.length === options.batchMax) break
      const call = queue.shift()
      queues.delete(affinity)
      if (queue.length > 0) behind.push([affinity, queue])
      if (!call) continue
      waiting--
      if (call.dueMs < nowMs) call.reject(laneLate())
      else calls.push(call)
    }
    for (const [affinity, queue] of behind) queues.set(affinity, queue)
    return calls
  }

  /** The batch in flight may never come back; those who wait for it, or behind it, are told in time all the same. */
  function answerLate(): void {
    const nowMs = performance.now()
    for (const call of travelling) if (call.dueMs < nowMs) call.reject(outcomeUnknown())
    for (const [affinity, queue] of queues) {
      const inTime = queue.findIndex((call) => call.dueMs >= nowMs)
      const late = queue.splice(0, inTime === -1 ? queue.length : inTime)
      waiting -= late.length
      for (const call of late) call.reject(laneLate())
      if (queue.length === 0) queues.delete(affinity)
    }
  }

  async function travel(calls: readonly Call<Item, Answer>[]): Promise<void> {
    const started = performance.now()
    const facts = (outcome: 'done' | 'failed' | 'unknown') =>
      options.onBatch?.({ size: calls.length, waiting, seconds: (performance.now() - started) / 1000, outcome })
    try {
      const answers = await attempt(calls.map((call) => call.item))
      calls.forEach((call, index) => {
        call.resolve(answers[index] as Answer)
      })
      facts('done')
    } catch (error) {
      if (options.isUnknown(error)) {
        for (const call of calls) call.reject(outcomeUnknown(error))
        facts('unknown')
      } else if (calls.length === 1) {
        calls[0]?.reject(error)
        facts('failed')
      } else {
        facts('failed')
        for (const call of calls) await travel([call]) // one item is poison; let it fail alone
      }
    }
  }

  async function attempt(items: readonly Item[]): Promise<readonly Answer[]> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await options.run(items)
      } catch (error) {
        if (attempts === retriesMax || !options.isRetryable(error)) throw error
      }
    }
  }
}

/**
 * Lanes side by side. An affinity stays in one lane while it has calls there, so that no two lanes wait for each other's
 * rows. Otherwise it goes where the fewest affinities are, since a batch takes one item of each, however many calls it has;
 * and to the first of several such, so that who is alone is always served by the same connection, which is warm.
 */
export function createLanes<Item, Answer>(lanes: readonly Lane<Item, Answer>[]): Lane<Item, Answer> {
  type Place = { lane: Lane<Item, Answer>; affinities: number }
  const places: Place[] = lanes.map((lane) => ({ lane, affinities: 0 }))
  const stays = new Map<bigint, { place: Place; calls: number }>()
  return {
    submit(affinity, item) {
      const stay = stays.get(affinity) ?? enter(affinity)
      stay.calls++
      const leave = () => {
        if (--stay.calls > 0) return
        stay.place.affinities--
        stays.delete(affinity)
      }
      const answer = stay.place.lane.submit(affinity, item)
      // A call that is told "unknown" may still be in flight, with the locks of its batch.
      answer.then(leave, () => stay.place.lane.returned().then(leave))
      return answer
    },
    get waiting() {
      return lanes.reduce((sum, lane) => sum + lane.waiting, 0)
    },
    returned: () => Promise.all(lanes.map((lane) => lane.returned())),
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }

  function enter(affinity: bigint) {
    const place = places.reduce((best, each) => (each.affinities < best.affinities ? each : best))
    place.affinities++
    const stay = { place, calls: 0 }
    stays.set(affinity, stay)
    return stay
  }
}

function laneFull(): Refusal {
  return new Refusal('unavailable', 'base.lane_full', 'Too many requests are waiting. Ask again with the same key.')
}

function laneLate(): Refusal {
  return new Refusal(
    'unavailable',
    'base.lane_late',
    'The request waited too long and was not begun. Ask again with the same key.',
  )
}

function outcomeUnknown(cause?: unknown): Refusal {
  return new Refusal(
    'unavailable',
    'base.outcome_unknown',
    'It is not known whether this was done. Ask again with the same key to learn it.',
    undefined,
    cause,
  )
}
