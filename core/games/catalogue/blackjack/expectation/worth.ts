import { goal, scoreOfPips } from '../hand.ts'
import type { Hands } from './hands.ts'
import { codeOf, ranks } from './shoe.ts'
import type { Table } from './table.ts'

/** What is counted of a hand as it is played: its value, or another sum over the deals; and how many times it counts when doubled. */
export type Measure = { stand(total: number): bigint; doubled: bigint }

export const winnings = (table: Table): Measure => ({ stand: table.stand, doubled: 2n })

type Played = (cards: readonly number[], code: number) => bigint

/** A hand as it is best played by its cards, from a shoe that they are taken from; which else is taken stays the same from call to call. */
export function createPlayed(table: Table, hands: Hands, measure: Measure, doubles: boolean): Played {
  const { shoe } = table
  const known = new Map<number, bigint>()
  return function played(cards, code) {
    const before = known.get(code)
    if (before !== undefined) return before
    const { total } = scoreOfPips(cards)
    const play = total > goal ? 'stand' : hands.play(cards, doubles)
    let value = play === 'stand' ? measure.stand(total) : 0n
    if (play !== 'stand')
      for (const rank of ranks) {
        const left = shoe.left[rank]!
        if (left <= 0) continue
        shoe.take(rank)
        const more = [...cards, rank]
        const next =
          play === 'double'
            ? measure.doubled * measure.stand(scoreOfPips(more).total)
            : played(more, code + codeOf(rank))
        value += BigInt(left) * next
        shoe.put(rank)
      }
    known.set(code, value)
    return value
  }
}

/**
 * One hand of a split that begins with the rank, with so many more of the rank gone than the pair; the shoe is without all of them.
 * Of aces a second card is all.
 */
export function createWorth(
  table: Table,
  hands: Hands,
  rank: number,
  measure: Measure,
): (gone: number, anySecond: boolean) => bigint {
  const { shoe, house } = table
  const playedWith = new Map<number, Played>()
  return (gone, anySecond) => {
    const played = playedWith.get(gone) ?? createPlayed(table, hands, measure, house.doubleAfterSplit)
    playedWith.set(gone, played)
    let sum = 0n
    for (const second of ranks) {
      const left = shoe.left[second]!
      if (left <= 0 || (!anySecond && second === rank)) continue
      shoe.take(second)
      const cards = [rank, second]
      const value = rank === 1 ? measure.stand(scoreOfPips(cards).total) : played(cards, codeOf(rank) + codeOf(second))
      sum += BigInt(left) * value
      shoe.put(second)
    }
    return sum
  }
}
