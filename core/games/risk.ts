import { add, type Fraction, fraction, multiply, subtract } from './fraction.ts'

/**
 * What a player put at stake again within a round, in minor units: in how many moves, what they could have had instead, what came back, and
 * mean and variance of that. What a move brings is chance, whatever the moves before made the player decide, so that sums of moves deviate
 * as sums of rounds do.
 */
export type Risks = { moves: bigint; staked: bigint; returned: bigint; expected: Fraction; variance: Fraction }

export const noRisks: Risks = { moves: 0n, staked: 0n, returned: 0n, expected: fraction(0), variance: fraction(0) }

/** One move that pays so much with this chance, and nothing otherwise. */
export function riskOf(staked: bigint, pay: bigint, chance: Fraction, won: boolean): Risks {
  const [times, lost] = [fraction(pay), subtract(fraction(1), chance)]
  return {
    moves: 1n,
    staked,
    returned: won ? pay : 0n,
    expected: multiply(chance, times),
    variance: multiply(multiply(times, times), multiply(chance, lost)),
  }
}

export function addRisks(a: Risks, b: Risks): Risks {
  return {
    moves: a.moves + b.moves,
    staked: a.staked + b.staked,
    returned: a.returned + b.returned,
    expected: add(a.expected, b.expected),
    variance: add(a.variance, b.variance),
  }
}
