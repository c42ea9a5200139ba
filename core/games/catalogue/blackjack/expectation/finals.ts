import { goal, scoreOfPips } from '../hand.ts'
import type { House } from '../house.ts'
import type { Hands } from './hands.ts'
import { ranks } from './shoe.ts'

/** What a hand of a split can end with: the cards that came to its first, in so many orders. */
export type Final = {
  cards: readonly number[]
  orders: number
  total: number
  doubled: boolean
  /** Whether the second card is of the pair's rank, so that it could have been split again. */
  paired: boolean
}

/** All ends of a hand that begins with this card, played as `splitValue` says. */
export function finalsOf(house: House, hands: Hands, rank: number): Final[] {
  const found = new Map<string, Final>()
  for (const second of ranks) {
    if (rank === 1)
      end([rank, second], false) // of aces a second card is all
    else draw([rank, second])
  }
  return [...found.values()]

  function draw(cards: readonly number[]): void {
    const play = scoreOfPips(cards).total > goal ? 'stand' : hands.play(cards, house.doubleAfterSplit)
    if (play === 'stand') end(cards, false)
    else
      for (const next of ranks) {
        if (play === 'double') end([...cards, next], true)
        else draw([...cards, next])
      }
  }

  function end([, second, ...more]: readonly number[], doubled: boolean): void {
    const cards = [second!, ...more].sort((one, other) => one - other)
    const final = {
      cards,
      orders: 1,
      ...{ total: scoreOfPips([rank, ...cards]).total, doubled, paired: second === rank },
    }
    const name = `${cards.join()}/${doubled}/${final.paired}`
    const before = found.get(name)
    if (before) before.orders++
    else found.set(name, final)
  }
}
