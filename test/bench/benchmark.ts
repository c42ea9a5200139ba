/** A figure; its bar is `>=N` or `<=N` in the figure's unit. */
export type Figure = { name: string; value: number; unit: string; bar?: `>=${number}` | `<=${number}` }

export type Report = { conditions: Record<string, string>; figures: Figure[] }

export type Benchmark = {
  name: string
  summary: string
  /** How long each measurement takes unless the command says otherwise. */
  seconds: number
  run(options: { seconds: number; say(line: string): void }): Promise<Report>
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
