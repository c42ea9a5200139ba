import { percentile } from '../bench/benchmark.ts'
import type { Account } from './journal.ts'

/** What 99 of 100 waited at most who asked within one second; seconds count from the fault, those before it are below 0. */
type SecondOfPlay = { second: number; asked: number; p99Ms: number }

export type Latency = {
  /** Of who was answered before the fault, within five seconds. */
  usualMs: number
  seconds: SecondOfPlay[]
  /** From which second on who asks waits as usual, for three seconds at least; Infinity when that never comes. */
  backSeconds: number
}

const lookBackSeconds = 5
const staysSeconds = 3
/** As usual is twice as long, since whoever is left does the work of all; and half a second, which a spinning wheel takes anyway. */
const usualTimes = 2
const unseenMs = 500

/** `struckMs`: as the play counts. */
export function latencyOf({ waits }: Pick<Account, 'waits'>, struckMs: number): Latency {
  const groups = Map.groupBy(waits, ({ atMs }) => Math.floor((atMs - struckMs) / 1000))
  const p99 = (some: Account['waits']) =>
    percentile(
      some.map(({ ms }) => ms).sort((a, b) => a - b),
      0.99,
    )
  const seconds = [...groups]
    .map(([second, some]) => ({ second, asked: some.length, p99Ms: p99(some) }))
    .filter(({ second }) => second >= -lookBackSeconds)
    .sort((a, b) => a.second - b.second)
  const before = struckMs - lookBackSeconds * 1000
  const usualMs = p99(waits.filter(({ atMs, ms }) => atMs >= before && atMs + ms < struckMs))
  const isUsual = (at: number) =>
    (seconds.find(({ second }) => second === at)?.p99Ms ?? Number.POSITIVE_INFINITY) <=
    Math.max(usualTimes * usualMs, unseenMs)
  const last = seconds.at(-1)?.second ?? 0
  for (let at = 0; at + staysSeconds <= last + 1; at++)
    if (Array.from({ length: staysSeconds }, (_, i) => at + i).every(isUsual))
      return { usualMs, seconds, backSeconds: at }
  return { usualMs, seconds, backSeconds: Number.POSITIVE_INFINITY }
}

/** For people: each second's worst, but for those that were as all before. */
export function wordsOfLatency({ usualMs, seconds, backSeconds }: Latency): string {
  const shown = seconds.filter(({ second }) => second >= -1 && second <= Math.max(5, Math.min(backSeconds + 2, 40)))
  const each = shown.map(({ second, p99Ms }) => `${second} s: ${Math.round(p99Ms)}`).join(', ')
  return `p99 in ms of who asked at (usual ${Math.round(usualMs)}; as usual from ${backSeconds} s on): ${each}`
}
