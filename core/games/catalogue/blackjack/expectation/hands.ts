import { goal, scoreOfPips } from '../hand.ts'
import { codeOf, ranks } from './shoe.ts'
import type { Table } from './table.ts'

/** What to do with a hand. */
export type Play = 'stand' | 'hit' | 'double'

/** Of a hand of two cards or more: the value of standing, of one card more and the best of it, and of doubling; and the best but for doubling. */
type Values = { stand: bigint; hit: bigint; double: bigint; undoubled: bigint }

/** Hands that were not split, as they are best played against the open card by which cards they have. */
export type Hands = {
  /** @throws TypeError for cards that the shoe does not have */
  of(cards: readonly number[]): Values
  /** The best play of a hand. @param double whether the house lets it be doubled */
  play(cards: readonly number[], double: boolean): Play
}

/** All hands that can come, from the table's shoe as it is now. */
export function createHands(table: Table): Hands {
  const { shoe } = table
  const known = new Map<number, Values>()
  const of = (cards: readonly number[]) => known.get(cards.reduce((sum, card) => sum + codeOf(card), 0))!
  draw([], 0)
  return {
    of,
    play(cards, double) {
      const { stand, hit, double: doubled, undoubled } = of(cards)
      if (double && cards.length === 2 && doubled > undoubled) return 'double'
      return hit > stand ? 'hit' : 'stand'
    },
  }

  /** The hand's cards are taken from the shoe. */
  function draw(cards: readonly number[], code: number): Values {
    const before = known.get(code)
    if (before) return before
    const { total } = scoreOfPips(cards)
    const stand = table.stand(total)
    let [hit, double] = [0n, 0n]
    for (const rank of ranks) {
      const left = shoe.left[rank]!
      if (left <= 0) continue
      shoe.take(rank)
      const more = [...cards, rank]
      const next = scoreOfPips(more).total
      hit += BigInt(left) * (next > goal ? table.stand(next) : draw(more, code + codeOf(rank)).undoubled)
      if (cards.length === 2) double += BigInt(left) * table.stand(next)
      shoe.put(rank)
    }
    const values = { stand, hit, double: double * 2n, undoubled: hit > stand ? hit : stand }
    known.set(code, values)
    return values
  }
}
