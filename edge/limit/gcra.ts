/** Decides on the spot, without asking anybody. */
export type Limiter = { admit(who: string, nowMs: number): { admitted: boolean; retryAfterMs: number } }

const peopleMax = 100_000

/**
 * The generic cell rate algorithm: one number per address, the instant at which it would be idle again. Rolling window,
 * exact waiting time. Local to a worker; when the table is full the idle ones go first.
 */
export function createLimiter({ perSecond, burst }: { perSecond: number; burst: number }): Limiter {
  const stepMs = 1000 / perSecond
  const toleranceMs = stepMs * (burst - 1)
  const arrivals = new Map<string, number>()
  return {
    admit(who, nowMs) {
      const theoretical = Math.max(arrivals.get(who) ?? nowMs, nowMs)
      const earlyMs = theoretical - nowMs - toleranceMs
      if (earlyMs > 0) return { admitted: false, retryAfterMs: earlyMs }
      if (arrivals.size >= peopleMax && !arrivals.has(who)) forget(nowMs)
      arrivals.set(who, theoretical + stepMs)
      return { admitted: true, retryAfterMs: 0 }
    },
  }

  function forget(nowMs: number): void {
    for (const [who, theoretical] of arrivals) if (theoretical <= nowMs) arrivals.delete(who)
    if (arrivals.size >= peopleMax) arrivals.clear()
  }
}
