import { fraction, multiply, subtract } from './fraction.ts'
import type { Spread } from './game.ts'

/** Mean and variance, exactly, of returns that come with these weights. */
export function spreadOf(returns: Iterable<readonly [weight: bigint, win: bigint]>): Spread {
  let [weights, sum, squares] = [0n, 0n, 0n]
  for (const [weight, win] of returns) {
    weights += weight
    sum += weight * win
    squares += weight * win * win
  }
  const mean = fraction(sum, weights)
  return { mean, variance: subtract(fraction(squares, weights), multiply(mean, mean)) }
}
