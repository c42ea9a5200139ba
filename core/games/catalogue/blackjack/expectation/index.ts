import { add, type Fraction, fraction } from '../../../fraction.ts'
import { scoreOfPips } from '../hand.ts'
import type { House } from '../house.ts'
import { createHands } from './hands.ts'
import { ranks } from './shoe.ts'
import { splitValue } from './split.ts'
import { createTable } from './table.ts'

/**
 * What a round is worth to the player per unit staked first, with the best play by which cards are seen, exactly; split hands as
 * `splitValue` says. The shoe is whole, which is so of every round that is dealt from a fresh one.
 */
export function expectation(house: House): Fraction {
  return ranks.map((up) => valueAgainst(house, up)).reduce(add)
}

/** The part of it that comes with this open card, which times its chance. */
export function valueAgainst(house: House, up: number): Fraction {
  const table = createTable(house, up)
  const { shoe } = table
  const hands = createHands(table)
  let halves = 0n
  for (const first of ranks)
    for (const second of ranks.filter((rank) => rank >= first)) {
      const firstLeft = shoe.left[first]!
      shoe.take(first)
      const secondLeft = shoe.left[second]!
      shoe.put(first)
      if (secondLeft <= 0) continue
      const orders = BigInt(firstLeft) * BigInt(secondLeft) * (first === second ? 1n : 2n)
      halves += orders * dealt(first, second)
    }
  shoe.put(up)
  return fraction(halves * BigInt(shoe.left[up]!), 2n * shoe.ways(table.horizon))

  /** The value of two cards in halves. */
  function dealt(first: number, second: number): bigint {
    const cards = [first, second]
    for (const card of cards) shoe.take(card)
    const [all, blackjacks] = [table.all(), table.blackjacks()]
    for (const card of cards) shoe.put(card)
    const natural = scoreOfPips(cards).total === 21
    const insured = up === 1 && 2n * blackjacks > all ? 2n * blackjacks - all : 0n
    if (natural) return 3n * all + insured
    const { double, undoubled } = hands.of(cards)
    const split = first === second && house.handsMax > 1 ? [2n * splitValue(table, hands, first)] : []
    const surrender = house.lateSurrender ? [-all] : []
    const best = [2n * undoubled, 2n * double, ...split, ...surrender].reduce((one, other) =>
      one > other ? one : other,
    )
    return best - 2n * blackjacks + insured
  }
}
