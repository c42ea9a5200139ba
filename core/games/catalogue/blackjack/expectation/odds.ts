import { fraction, toNumber } from '../../../fraction.ts'
import type { House } from '../house.ts'
import { type Against, playAgainst } from './against.ts'
import { ends } from './dealer.ts'
import { codeOf } from './shoe.ts'
import { splittings } from './split.ts'
import type { Table } from './table.ts'
import { createPlayed, createWorth } from './worth.ts'

/** Chances that a round returns anything, and that it returns the most there is: every hand of as many as can be, doubled and won. */
export type Odds = { hit: number; top: number }

/**
 * The part of both that comes with this open card, with the best play. Rounds that are not split are counted as the expectation is, exactly; that
 * not every hand of a split loses, and that all are doubled and won, from an infinite shoe, where hands are independent given where the dealer ends.
 */
export function oddsAgainst(house: House, up: number, against = playAgainst(house, up)): Odds {
  const endless = playAgainst({ ...house, packs: Number.POSITIVE_INFINITY }, up)
  const { table, hands, dealt } = against
  const { shoe } = table
  const played = createPlayed(table, hands, { stand: (total) => table.all() - lost(table, total), doubled: 1n }, true)
  let counted = 0n
  let [split, top] = [0, 0]
  for (const { cards, play, orders } of dealt) {
    for (const card of cards) shoe.take(card)
    const all = table.all()
    if (play === 'blackjack') counted += orders * (all + table.blackjacks())
    else if (play === 'surrender') counted += orders * all
    else if (play !== 'split') counted += orders * played(cards, codeOf(cards[0]) + codeOf(cards[1]))
    for (const card of cards) shoe.put(card)
    if (play !== 'split') continue
    const chance = toNumber(fraction(orders * all * table.ups, table.deals))
    const odds = oddsOfSplit(endless, cards[0])
    split += chance * odds.hit
    top += chance * odds.top
  }
  return { hit: toNumber(fraction(counted * table.ups, table.deals)) + split, top }
}

/** Given the first two cards, and that the dealer has no blackjack. */
function oddsOfSplit({ table, hands }: Against, rank: number): Odds {
  const { shoe, house } = table
  shoe.take(rank)
  shoe.take(rank)
  const all = toNumber(fraction(table.all(), 1n))
  const pair = shoe.left[rank]! / shoe.size
  const given = Array.from({ length: ends }, (_, end) => {
    const share = toNumber(fraction(table.endings(end), table.all()))
    const chanceOf = (counts: (total: number) => boolean, doubled: bigint, anySecond: boolean) => {
      const stand = (total: number) => (counts(total) ? table.endings(end) : 0n)
      const worth = createWorth(table, hands, rank, { stand, doubled })
      return toNumber(fraction(worth(0, anySecond), 1n)) / all / share / (anySecond ? 1 : 1 - pair)
    }
    const loses = (total: number) => table.standWhere(end, total) < 0n
    const wins = (total: number) => table.standWhere(end, total) > 0n
    // What counts when doubled, less what counts when it does not, is what was doubled.
    const doubled = (anySecond: boolean) => chanceOf(wins, 1n, anySecond) - chanceOf(wins, 0n, anySecond)
    return {
      share,
      lost: { other: chanceOf(loses, 1n, false), any: chanceOf(loses, 1n, true) },
      best: { other: doubled(false), any: doubled(true) },
    }
  })
  shoe.put(rank)
  shoe.put(rank)
  let [hit, top] = [1, 0]
  for (const { orders, pairs, settled, pending } of splittings(house, rank)) {
    const way = Number(orders) * pair ** pairs * (1 - pair) ** settled
    for (const { share, lost, best } of given) {
      hit -= way * share * lost.other ** settled * lost.any ** pending
      if (settled + pending === house.handsMax) top += way * share * best.other ** settled * best.any ** pending
    }
  }
  return { hit, top }
}

/** The deals in which a hand of this total loses. */
function lost(table: Table, total: number): bigint {
  let deals = 0n
  for (let end = 0; end < ends; end++) if (table.standWhere(end, total) < 0n) deals += table.endings(end)
  return deals
}
