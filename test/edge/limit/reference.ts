/** The generic cell rate algorithm as I.371 writes it, in whole numbers, with nothing to save time or space. */
export function createReference(step: bigint, tolerance: bigint) {
  const arrivals = new Map<string, bigint>()
  return {
    /** As `Table.take` answers. */
    take(who: string, now: bigint): bigint {
      const arrival = arrivals.get(who) ?? now
      const backlog = arrival > now ? arrival - now : 0n
      if (backlog > tolerance) return tolerance - backlog
      arrivals.set(who, now + backlog + step)
      return backlog + step
    },
  }
}
