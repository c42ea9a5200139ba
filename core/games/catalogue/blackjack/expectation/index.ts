import { add, type Fraction, fraction } from '../../../fraction.ts'
import type { House } from '../house.ts'
import { playAgainst } from './against.ts'
import { ranks } from './shoe.ts'

/**
 * What a round is worth to the player per unit staked first, with the best play by which cards are seen, exactly; split hands as
 * `splitValue` says. The shoe is whole, which is so of every round that is dealt from a fresh one.
 */
export function expectation(house: House): Fraction {
  return ranks.map((up) => valueAgainst(house, up)).reduce(add)
}

/** The part of it that comes with this open card, which is the value against it times its chance. */
export function valueAgainst(house: House, up: number, { table, dealt } = playAgainst(house, up)): Fraction {
  const halves = dealt.reduce((sum, { orders, halves }) => sum + orders * halves, 0n)
  return fraction(halves * table.ups, 2n * table.deals)
}
