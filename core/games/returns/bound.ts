/** Sums over rounds, all in minor units: what came back, what chance lets expect, and the variance of that sum. */
export type Sums = { rounds: number; returned: number; expected: number; variance: number }

/** Below so many rounds the sum is not near enough to a normal one to be judged. */
const roundsMin = 10_000

/** How far the return of n rounds is from what was expected, in standard deviations of their sum: (actual − theoretical) / (σ/√n). */
export function deviationsOf({ returned, expected, variance }: Sums): number {
  return variance > 0 ? (returned - expected) / Math.sqrt(variance) : 0
}

/**
 * Is a return outside the bounds z·σ/√n (UKGC, live RTP monitoring)? Where the player decides, worse play returns less and is no fault, so
 * only more than the best play would return counts.
 */
export function isOutside(sums: Sums, { z, skill }: { z: number; skill: boolean }): boolean {
  const deviations = deviationsOf(sums)
  return sums.rounds >= roundsMin && (deviations > z || (!skill && deviations < -z))
}

/** The level of a stake: the greatest of 1, 2, 5, 10, 20 … that it reaches, in minor units. */
export function levelOf(stake: bigint): bigint {
  const unit = 10n ** BigInt(stake.toString().length - 1)
  return stake >= 5n * unit ? 5n * unit : stake >= 2n * unit ? 2n * unit : unit
}
