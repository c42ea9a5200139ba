import { add, type Fraction, fraction, multiply, subtract } from '../../../fraction.ts'
import type { House } from '../house.ts'
import { playAgainst } from './against.ts'
import { ends } from './dealer.ts'
import { codeOf } from './shoe.ts'
import { splitValue } from './split.ts'
import { signOf, type Table } from './table.ts'
import { splitTogether } from './together.ts'
import { createPlayed } from './worth.ts'

/**
 * The chances that a round returns anything, and that it returns the most there is: every hand of as many as can be, doubled and won; and the mean of the
 * square of what it brings, per unit staked first.
 */
export type Odds = { hit: Fraction; top: Fraction; square: Fraction }

/** The part of each that comes with this open card, with the best play: counted as the expectation is, exactly. */
export function oddsAgainst(house: House, up: number, { table, hands, dealt } = playAgainst(house, up)): Odds {
  const { shoe } = table
  const squares = { stand: table.standSquared, doubled: 4n }
  const back = createPlayed(table, hands, { stand: (total) => table.all() - lost(table, total), doubled: 1n }, true)
  const squared = createPlayed(table, hands, squares, true)
  let [hits, quarters] = [0n, 0n]
  let split: Odds = { hit: fraction(0n), top: fraction(0n), square: fraction(0n) }
  for (const { cards, play, orders } of dealt) {
    for (const card of cards) shoe.take(card)
    const [all, blackjacks] = [table.all(), table.blackjacks()]
    const code = codeOf(cards[0]) + codeOf(cards[1])
    if (play === 'blackjack') {
      hits += orders * (all + blackjacks)
      quarters += orders * 9n * all
    } else quarters += orders * 4n * blackjacks
    if (play === 'surrender') {
      hits += orders * all
      quarters += orders * all
    } else if (play !== 'split' && play !== 'blackjack') {
      hits += orders * back(cards, code)
      quarters += orders * 4n * squared(cards, code)
    }
    for (const card of cards) shoe.put(card)
    if (play !== 'split') continue
    quarters += orders * 4n * splitValue(table, hands, cards[0], squares)
    hits += orders * all
    const { lost, top, products } = splitTogether(table, hands, cards[0])
    const chance = fraction(orders * (all + blackjacks) * table.ups, table.deals)
    split = {
      hit: subtract(split.hit, multiply(chance, lost)),
      top: add(split.top, multiply(chance, top)),
      square: add(split.square, multiply(chance, products)),
    }
  }
  return {
    hit: add(split.hit, fraction(hits * table.ups, table.deals)),
    top: split.top,
    square: add(split.square, fraction(quarters * table.ups, 4n * table.deals)),
  }
}

/** The deals in which a hand of this total loses. */
function lost(table: Table, total: number): bigint {
  let deals = 0n
  for (let end = 0; end < ends; end++) if (signOf(total, end) < 0) deals += table.endings(end)
  return deals
}
