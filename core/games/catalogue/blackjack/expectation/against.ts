import { scoreOfPips } from '../hand.ts'
import type { House } from '../house.ts'
import { createHands, type Hands, type Play } from './hands.ts'
import { ranks } from './shoe.ts'
import { splitValue } from './split.ts'
import { createTable, type Table } from './table.ts'

/** What to do with the first two cards. */
type First = {
  cards: readonly [number, number]
  play: Play | 'split' | 'surrender' | 'blackjack'
  halves: bigint
}

/** The best play against one open card. */
export type Against = {
  table: Table
  hands: Hands
  /** Every two cards that can be dealt, with in how many orders, and what they are worth in halves of a unit. */
  dealt: ReadonlyArray<First & { orders: bigint }>
}

export function playAgainst(house: House, up: number): Against {
  const table = createTable(house, up)
  const { shoe } = table
  const hands = createHands(table)
  const dealt = ranks.flatMap((first) =>
    ranks.flatMap((second) => {
      if (second < first) return []
      const firstLeft = shoe.left[first]!
      shoe.take(first)
      const secondLeft = shoe.left[second]!
      shoe.put(first)
      if (secondLeft <= 0) return []
      const orders = BigInt(firstLeft) * BigInt(secondLeft) * (first === second ? 1n : 2n)
      return [{ ...best([first, second]), orders }]
    }),
  )
  return { table, hands, dealt }

  function best(cards: [number, number]): First {
    for (const card of cards) shoe.take(card)
    const [all, blackjacks] = [table.all(), table.blackjacks()]
    for (const card of cards) shoe.put(card)
    const insured = up === 1 && 2n * blackjacks > all ? 2n * blackjacks - all : 0n
    if (scoreOfPips(cards).total === 21) return { cards, play: 'blackjack', halves: 3n * all + insured }
    const { double, undoubled } = hands.of(cards)
    const play = hands.play(cards, true)
    let found: First = { cards, play, halves: 2n * (play === 'double' ? double : undoubled) }
    if (cards[0] === cards[1] && house.handsMax > 1) {
      const halves = 2n * splitValue(table, hands, cards[0])
      if (halves > found.halves) found = { cards, play: 'split', halves }
    }
    if (house.lateSurrender && -all > found.halves) found = { cards, play: 'surrender', halves: -all }
    return { ...found, halves: found.halves - 2n * blackjacks + insured }
  }
}
