import { type Fraction, fraction } from '../../fraction.ts'
import { timesOf } from '../../stake.ts'

export const tiles = 25
export const minesMax = tiles - 1
/** No pick is offered that would pay more, in hundredths of the stake. */
export const timesMax = 100_000

const shareOfHundredths = 99n

/**
 * What the first, second, third … safe tile pays in hundredths of the stake: 0.99 over the chance to get there, cut to whole hundredths,
 * as long as it stays within `timesMax`.
 */
export function ladderOf(mines: number): number[] {
  const ladder: number[] = []
  for (let picks = 1; picks <= tiles - mines; picks++) {
    const { n, d } = chanceOf(mines, picks)
    const times = Number((shareOfHundredths * d) / n)
    if (times > timesMax) break
    ladder.push(times)
  }
  return ladder
}

/** That so many tiles are safe: C(25 - mines, picks) / C(25, picks). */
function chanceOf(mines: number, picks: number): Fraction {
  let [n, d] = [1n, 1n]
  for (let pick = 0; pick < picks; pick++) {
    n *= BigInt(tiles - mines - pick)
    d *= BigInt(tiles - pick)
  }
  return fraction(n, d)
}

/** What whoever takes so many tiles and then stops gets back of a stake, each with the number of ways in which it comes. */
export function returnsAt(
  stake: bigint,
  mines: number,
  picks: number,
): ReadonlyArray<readonly [ways: bigint, win: bigint]> {
  const { n, d } = chanceOf(mines, picks)
  return [
    [n, timesOf(stake, ladderOf(mines)[picks - 1]!)],
    [d - n, 0n],
  ]
}

/** That one more tile is safe, after so many that were. */
export function nextChance(mines: number, picks: number): Fraction {
  return fraction(tiles - mines - picks, tiles - picks)
}

/** What it is on average and of one staked, exactly. */
export function returnOf(mines: number, picks: number): Fraction {
  const { n, d } = chanceOf(mines, picks)
  return fraction(n * BigInt(ladderOf(mines)[picks - 1]!), d * 100n)
}

/** With how many picks so many mines return most. */
export function bestPicks(mines: number): number {
  const returns = ladderOf(mines).map((_, index) => returnOf(mines, index + 1))
  return returns.reduce((best, { n, d }, index) => (n * returns[best]!.d > returns[best]!.n * d ? index : best), 0) + 1
}
