/** A figure; its bar is `>=N` or `<=N` in the figure's unit, and `aim` what would be better still. `spread` is from the lowest to the highest of the rounds that `value` stands for. */
export type Figure = {
  name: string
  value: number
  unit: string
  spread?: readonly [lowest: number, highest: number]
  bar?: `>=${number}` | `<=${number}`
  aim?: number
  /** Why it could not be measured; then `value` is no number, and a bar is missed. */
  failed?: string
}

export type Report = { conditions: Record<string, string>; figures: Figure[] }

export type Benchmark = {
  name: string
  summary: string
  /** How long each measurement takes unless the command says otherwise. */
  seconds: number
  /** How often each measurement is repeated unless the command says otherwise; seven times without it. */
  rounds?: number
  /** What `--only` takes. */
  parts?: readonly string[]
  run(options: RunOptions): Promise<Report>
}

export type RunOptions = {
  seconds: number
  /** How often each measurement is repeated, where contestants take turns. */
  rounds: number
  say(line: string): void
  /** Also what takes minutes and gigabytes. */
  large: boolean
  /** One part of what the benchmark measures, by a name of its own. */
  only?: string | undefined
  /** How much data, where a benchmark makes some. */
  gigabytes?: number | undefined
  /** A folder where what took long to make stays, for the next time. */
  kept?: string | undefined
  /** Checkouts of other projects to run beside ours. */
  rivals: { pgledger?: string; tbperf?: string }
}

/** How many of something a second brings, where one batch brings as many as it answers; the first batch warms up. */
export function batchesPerSecond(seconds: number, batch: () => number): { value: number; unit: string } {
  batch()
  const begunMs = performance.now()
  let count = 0
  while (performance.now() - begunMs < seconds * 1000) count += batch()
  return { value: count / ((performance.now() - begunMs) / 1000), unit: 'per second' }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

/**
 * Keeps `callers` callers busy for a while, each asking again as soon as it is answered. Answers calls per second and
 * latencies in milliseconds, sorted.
 */
export async function keepBusy(callers: number, seconds: number, call: (caller: number) => Promise<unknown>) {
  const latencies: number[] = []
  const endMs = performance.now() + seconds * 1000
  const startedMs = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() < endMs) {
        const begunMs = performance.now()
        await call(caller)
        latencies.push(performance.now() - begunMs)
      }
    }),
  )
  const perSecond = latencies.length / ((performance.now() - startedMs) / 1000)
  return { perSecond, latencies: latencies.sort((a, b) => a - b) }
}

/**
 * Calls at a steady rate, whatever the answers take; latencies count from the instant a call was due, so that a pause is not
 * hidden by calls that were not made.
 */
export async function keepPace(perSecond: number, seconds: number, call: () => Promise<unknown>) {
  const count = Math.floor(perSecond * seconds)
  // Nothing of an answered call is kept but its latency: what a client keeps, its own collector pauses for.
  const latencies = new Float64Array(count)
  let answered = 0
  let failure: unknown
  const startedMs = performance.now()
  for (let due = 0; due < count; ) {
    const elapsedMs = performance.now() - startedMs
    for (; due < count && due < (elapsedMs / 1000) * perSecond; due++) {
      const dueMs = startedMs + (due / perSecond) * 1000
      call().then(
        () => {
          latencies[answered++] = performance.now() - dueMs
        },
        (error) => {
          failure ??= error
        },
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (failure) throw failure
  }
  while (answered < count) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (failure) throw failure
  }
  return { perSecond: count / ((performance.now() - startedMs) / 1000), latencies: [...latencies.sort()] }
}
