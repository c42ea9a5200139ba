import type { Asker } from './asker.ts'
import type { Limit } from './limit.ts'
import type { Loans } from './limiter.ts'
import type { Store } from './store.ts'

export type Leases = Loans & { close(): void }

type Lease = {
  readonly key: string
  readonly limit: Limit
  /** Cells of this host's own share since the last report, and what is left of what was lent. */
  used: number
  left: number
  /** Redis has none to lend before. */
  emptyUntilMs: number
  /** Rounds since somebody asked for it. */
  idle: number
}

const roundMs = 50
const leasesMax = 10_000
/** Of the whole burst, what is lent at a time; or what a limit lets in during two rounds, where that is more. */
const lentPart = 1 / 8
/** Who has used that much of what this host lets in quietly is reported from then on. */
const hotPart = 1 / 2
/** What nobody used for a round is given back; after so many, nobody is reported any more. */
const roundsIdleMax = 20

/**
 * What Redis lends this worker beyond the share of its host, for those who ask for much. A lease is counted in Redis before it is used, and given
 * back when nobody uses it; so all hosts together let in no more than the limit and what each lets in quietly. One question is under way at
 * a time, for all of them together.
 */
export function openLeases(store: Store): Leases {
  const leases = new Map<string, Lease>()
  let isAsking = false
  let isWanted = false
  const rounds = setInterval(() => void round(), roundMs)
  rounds.unref()
  return {
    use(limit, asker) {
      const lease = leases.get(keyOf(limit, asker)) ?? begin(limit, asker)
      if (lease === undefined) return false
      lease.idle = 0
      if (lease.left > 0) {
        lease.left--
        return true
      }
      if (performance.now() >= lease.emptyUntilMs) hurry()
      return false
    },
    used(limit, asker, backlog) {
      const isHot = backlog >= (limit.shareTolerance + limit.shareStep) * hotPart
      if (!isHot && leases.size === 0) return
      const lease = leases.get(keyOf(limit, asker)) ?? (isHot ? begin(limit, asker) : undefined)
      if (lease === undefined) return
      if (lease.idle > 0 && lease.left === 0) hurry()
      lease.idle = 0
      lease.used++
    },
    close: () => clearInterval(rounds),
  }

  function begin(limit: Limit, asker: Asker): Lease | undefined {
    if (leases.size >= leasesMax) return undefined
    const key = keyOf(limit, asker)
    const lease = { key, limit, used: 0, left: 0, emptyUntilMs: 0, idle: 1 }
    leases.set(key, lease)
    return lease
  }

  /** Not at the next round but once what happens in this moment has happened. */
  function hurry(): void {
    if (isWanted) return
    isWanted = true
    if (!isAsking) setImmediate(() => void round())
  }

  async function round(): Promise<void> {
    if (isAsking || leases.size === 0) return
    isAsking = true
    isWanted = false
    const asked = [...leases.values()]
    const answers = await store.charge(asked.map(chargeOf))
    const nowMs = performance.now()
    for (const [i, lease] of asked.entries()) {
      const answer = answers?.[i]
      lease.left += answer?.granted ?? 0
      if (answer?.granted === 0) lease.emptyUntilMs = nowMs + roundMs
      lease.idle++
      if (answers === undefined || lease.idle > roundsIdleMax) leases.delete(lease.key)
    }
    isAsking = false
    if (isWanted) setImmediate(() => void round())
  }

  function chargeOf(lease: Lease) {
    const { key, limit, used, left } = lease
    const isIdle = lease.idle > 1
    lease.used = 0
    if (isIdle) lease.left = 0
    const wanted = isIdle ? 0 : Math.max(0, lentAtOnce(limit) - left)
    return { key, ...inMicroseconds(limit), used: isIdle ? used - left : used, wanted }
  }
}

function lentAtOnce(limit: Limit): number {
  const inTwoRounds = (2 * roundMs * limit.ticksPerMs) / limit.step
  return Math.ceil(Math.max(inTwoRounds, limit.burst * lentPart))
}

/** Step and tolerance of the whole limit, as Redis counts. */
export function inMicroseconds(limit: Limit): { step: number; tolerance: number } {
  const perTick = 1000 / limit.ticksPerMs
  return { step: limit.step * perTick, tolerance: limit.tolerance * perTick }
}

/** The same on every host that has the same secret, and nobody's name. */
export function keyOf(limit: Limit, { low, high }: Asker): string {
  return `${limit.rule.name}:${(low >>> 0).toString(16)}${(high >>> 0).toString(16).padStart(8, '0')}`
}
