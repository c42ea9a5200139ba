import { betBounds, measures, settlementBounds } from './measured.ts'
import { everySeconds, type Sampled, summed } from './samples.ts'

/** A value for each instant; null where nobody kept a sample, or nothing happened that could be late. */
type Curve = Array<number | null>
export type Curves = {
  /** Seconds since 1970. */
  at: number[]
  betsPerSecond: Curve
  /** Seconds within which half, and 99 of 100, of the bets were answered. */
  betP50: Curve
  betP99: Curve
  faultsPerSecond: Curve
  depositsPerSecond: Curve
  settlementP99: Curve
}

export type Promised = {
  /** As `ops/monitoring/objectives.ts` calls it. */
  slo: string
  promise: string
  target: number
  events: number
  bad: number
  burn: number | null
}

/** Growth of every counter in each slot of ten seconds, over all processes; a process that began anew begins with 0. */
type Slots = Map<number, Record<string, number>>

const slotMs = everySeconds * 1000
const counters = measures.filter(({ counts }) => counts).map(({ key }) => key)

export function growth(sampled: readonly Sampled[]): Slots {
  const slots: Slots = new Map()
  for (const { samples } of sampled)
    for (const [i, { at, values }] of samples.entries()) {
      const before = samples[i - 1]
      if (!before || at - before.at > 3 * slotMs) continue // a gap is none of this slot's
      const slot = slots.get(Math.floor(at / slotMs)) ?? {}
      for (const key of counters) {
        const grown = (values[key] ?? 0) - (before.values[key] ?? 0)
        slot[key] = (slot[key] ?? 0) + (grown < 0 ? (values[key] ?? 0) : grown)
      }
      slots.set(Math.floor(at / slotMs), slot)
    }
  return slots
}

/** The last hour as curves; the youngest slot is left out, since not every process has told of it yet. */
export function curvesOf(slots: Slots): Curves {
  const numbers = [...slots.keys()].sort((a, b) => a - b)
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)]
  const span = numbers.length === 0 ? [] : Array.from({ length: last - first }, (_, i) => first + i)
  const each = (value: (slot: Record<string, number>) => number | null): Curve =>
    span.map((number) => {
      const slot = slots.get(number)
      return slot ? value(slot) : null
    })
  const rate = (key: string) => each((slot) => (slot[key] ?? 0) / everySeconds)
  return {
    at: span.map((number) => number * everySeconds),
    betsPerSecond: rate('bets'),
    betP50: each((slot) => quantile(slot, 'bet', betBounds, 0.5)),
    betP99: each((slot) => quantile(slot, 'bet', betBounds, 0.99)),
    faultsPerSecond: rate('faults'),
    depositsPerSecond: rate('deposits'),
    settlementP99: each((slot) => quantile(slot, 'settlement', settlementBounds, 0.99)),
  }
}

/** As Prometheus reckons it: evenly within the bucket. Null where nothing was counted; beyond the last bound, that bound. */
export function quantile(
  slot: Record<string, number>,
  key: string,
  bounds: readonly number[],
  share: number,
): number | null {
  const all = slot[`${key}s`] ?? 0
  if (all === 0) return null
  let [below, from] = [0, 0]
  for (const bound of bounds) {
    const within = slot[`${key}<${bound}`] ?? 0
    if (within >= share * all)
      return within === below ? bound : from + ((share * all - below) / (within - below)) * (bound - from)
    below = within
    from = bound
  }
  return from
}

/** The promises of `ops/monitoring/objectives.ts` over what is kept: how fast each spends its error budget; 1 is as fast as it may for 30 days. */
export function promisesOf(slots: Slots): Promised[] {
  const total = (key: string) => [...slots.values()].reduce((sum, slot) => sum + (slot[key] ?? 0), 0)
  const promised = (slo: string, promise: string, target: number, events: number, bad: number): Promised => ({
    slo,
    promise,
    target,
    events,
    bad,
    burn: events === 0 ? null : bad / events / (1 - target),
  })
  return [
    promised(
      'availability',
      'Cores answer requests of players without a fault of ours',
      0.999,
      total('asked'),
      total('faults'),
    ),
    promised('bet-latency', 'Bets are answered within 250 ms', 0.99, total('bets'), total('bets') - total('bet<0.25')),
    promised('deposits', 'Deposits get their page of payment', 0.995, total('deposits'), total('depositFaults')),
    promised(
      'settlement',
      'What a gateway tells is done within 5 s',
      0.99,
      total('settlements'),
      total('settlements') - total('settlement<5'),
    ),
  ]
}

/** The newest value of a gauge over all processes; undefined where nobody has it. Samples older than a minute say nothing. */
export function latest(sampled: readonly Sampled[], key: string, now: number): number | undefined {
  const measure = measures.find((each) => each.key === key)!
  const series = sampled.flatMap(({ samples }) => {
    const sample = samples.at(-1)
    const value = sample && now - sample.at < 60_000 ? sample.values[key] : undefined
    return value === undefined ? [] : [{ value, labels: {} }]
  })
  return summed({ by: measure.by }, series)
}
