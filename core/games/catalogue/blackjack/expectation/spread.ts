import { fraction, toNumber } from '../../../fraction.ts'
import type { House } from '../house.ts'
import { type Against, playAgainst } from './against.ts'
import { ends } from './dealer.ts'
import { codeOf } from './shoe.ts'
import { splittings, splitValue } from './split.ts'
import { createPlayed, createWorth } from './worth.ts'

/**
 * The mean of the square of what a round brings, per unit staked first, with the best play: the part that comes with this open card. Counted as the expectation is, but for one thing: what the
 * hands of one split have in common, which is the dealer, is taken from an infinite shoe. That is a part of some hundredths, and the shoes
 * differ in it by some hundredths of that.
 */
export function squareAgainst(house: House, up: number, against = playAgainst(house, up)): number {
  const endless = playAgainst({ ...house, packs: Number.POSITIVE_INFINITY }, up)
  const { table, hands, dealt } = against
  const { shoe } = table
  const squares = { stand: table.standSquared, doubled: 4n }
  const played = createPlayed(table, hands, squares, true)
  let quarters = 0n
  let common = 0
  for (const { cards, play, orders } of dealt) {
    for (const card of cards) shoe.take(card)
    const [all, blackjacks] = [table.all(), table.blackjacks()]
    const whole =
      play === 'split' || play === 'surrender' || play === 'blackjack'
        ? 0n
        : played(cards, codeOf(cards[0]) + codeOf(cards[1]))
    for (const card of cards) shoe.put(card)
    if (play === 'blackjack') quarters += orders * 9n * all
    else quarters += orders * 4n * blackjacks
    if (play === 'surrender') quarters += orders * all
    else if (play === 'split') {
      quarters += orders * 4n * splitValue(table, hands, cards[0], squares)
      common += toNumber(fraction(orders * all * table.ups, table.deals)) * commonOf(endless, cards[0])
    } else quarters += orders * 4n * whole
  }
  return toNumber(fraction(quarters * table.ups, 4n * table.deals)) + common
}

/** The mean of the products of two different hands of a split, summed over all pairs of hands: given where the dealer ends they are independent. */
function commonOf({ table, hands }: Against, rank: number): number {
  const { shoe, house } = table
  shoe.take(rank)
  shoe.take(rank)
  const all = table.all()
  const chance = shoe.left[rank]! / shoe.size
  const others = Array.from({ length: ends }, (_, end) => {
    const share = toNumber(fraction(table.endings(end), all))
    const worth = createWorth(table, hands, rank, { stand: (total) => table.standWhere(end, total), doubled: 2n })
    const mean = (anySecond: boolean) => toNumber(fraction(worth(0, anySecond), all)) / share
    const [any, other] = [mean(true), mean(false) / (1 - chance)]
    return { share, any, other }
  })
  shoe.put(rank)
  shoe.put(rank)
  return splittings(house, rank).reduce((sum, { orders, pairs, settled, pending }) => {
    const way = Number(orders) * chance ** pairs * (1 - chance) ** settled
    const products = others.map(({ share, any, other }) => {
      const together = settled * other + pending * any
      return share * (together ** 2 - settled * other ** 2 - pending * any ** 2)
    })
    return sum + way * products.reduce((all, product) => all + product, 0)
  }, 0)
}
