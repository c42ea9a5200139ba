import { type Fraction, fraction } from '#games'
import type { Draws } from '#rng'

/**
 * Plays every round there is: whatever the mathematics asks for is answered in every possible way, one round for each. Mean and mean square
 * of what the rounds return, each by its chance, exactly.
 */
export function everyRound(play: (draws: Draws) => bigint): { mean: Fraction; square: Fraction; rounds: number } {
  const path: Array<{ range: number; value: number }> = []
  const byChance = new Map<bigint, { sum: bigint; squares: bigint }>() // of the rounds with one in so many
  let rounds = 0
  for (;;) {
    let at = 0
    const win = play((range) => {
      path[at] ??= { range, value: 0 }
      return path[at++]!.value
    })
    rounds++
    const oneIn = path.reduce((product, { range }) => product * BigInt(range), 1n)
    const { sum, squares } = byChance.get(oneIn) ?? { sum: 0n, squares: 0n }
    byChance.set(oneIn, { sum: sum + win, squares: squares + win * win })
    while (path.length > 0 && path.at(-1)!.value === path.at(-1)!.range - 1) path.pop()
    const last = path.at(-1)
    if (!last) break
    last.value++
  }
  const over = [...byChance.keys()].reduce((product, oneIn) => (product * oneIn) / common(product, oneIn), 1n)
  const total = (of: 'sum' | 'squares') =>
    fraction(
      [...byChance].reduce((sum, [oneIn, each]) => sum + each[of] * (over / oneIn), 0n),
      over,
    )
  return { mean: total('sum'), square: total('squares'), rounds }
}

function common(a: bigint, b: bigint): bigint {
  return b === 0n ? a : common(b, a % b)
}
