import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../bench/benchmark.ts'
import { type Caller, changes, type Fleet, reads } from './edge-fleet.ts'

/** A request as its caller saw it; `atMs` is when it began. */
type Seen = { atMs: number; ms: number; key: string | undefined; failure: string | undefined }

export type Load = {
  readonly seen: readonly Seen[]
  failures(): string[]
  /** Latencies of the requests that began in a span, sorted. */
  between(fromMs: number, toMs?: number): number[]
  /** Ends it, and answers when the last request is answered. */
  stop(): Promise<void>
}

/** Keyed and safe requests in turn, from so many callers without a pause, until it is stopped. */
export function beginLoad(caller: Caller, callers = 8): Load {
  const seen: Seen[] = []
  let going = true
  const loops = Array.from({ length: callers }, async (_, index) => {
    for (let turn = index; going; turn++) {
      const said = await one(turn % 2 === 0 ? randomUUID() : undefined)
      seen.push(said)
      if (said.failure) await sleep(20)
    }
  })
  return {
    seen,
    failures: () => seen.flatMap(({ failure }) => failure ?? []),
    between: (fromMs, toMs = Infinity) =>
      seen
        .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        .map(({ ms }) => ms)
        .sort((one, other) => one - other),
    async stop() {
      going = false
      await Promise.all(loops)
    },
  }

  async function one(key: string | undefined): Promise<Seen> {
    const atMs = performance.now()
    let failure: string | undefined
    try {
      const { status, text } = key
        ? await caller.ask('POST', changes, { key, body: '{}' })
        : await caller.ask('GET', reads)
      if (status !== 200) failure = `${status} ${text}`
    } catch (error) {
      failure = `${(error as { code?: string }).code} ${(error as Error).message}`
    }
    return { atMs, ms: performance.now() - atMs, key, failure }
  }
}

/** Keys that were acknowledged and not applied, or applied more than once. */
export function wrongIn(fleet: Fleet, load: Load): { lost: string[]; doubled: string[] } {
  const applied = fleet.applied()
  const once = new Set(applied)
  const acknowledged = load.seen.flatMap(({ key, failure }) => (key && !failure ? key : []))
  return {
    lost: acknowledged.filter((key) => !once.has(key)),
    doubled: applied.filter((key, index) => applied.indexOf(key) !== index),
  }
}

/** After which time, from an instant on, no hundred requests in a row had a 99th percentile above the limit. */
export function backAfterMs(load: Load, sinceMs: number, limitMs: number): number {
  const after = load.seen.filter(({ atMs }) => atMs >= sinceMs).sort((one, other) => one.atMs - other.atMs)
  for (let end = after.length; end > 0; end--) {
    const window = after.slice(Math.max(0, end - 100), end)
    const sorted = window.map(({ ms }) => ms).sort((one, other) => one - other)
    if (percentile(sorted, 0.99) > limitMs) return (window.at(-1)?.atMs ?? sinceMs) - sinceMs
  }
  return 0
}

/** Waits until something is so; answers how long that took. @throws Error when it is not within so many seconds */
export async function until(what: string, holds: () => Promise<boolean> | boolean, secondsMax = 30): Promise<number> {
  const begunMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - begunMs > secondsMax * 1000) throw new Error(`not within ${secondsMax} s: ${what}`)
    await sleep(10)
  }
  return performance.now() - begunMs
}
