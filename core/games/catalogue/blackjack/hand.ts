import { type Card, pipsOf } from '../../cards.ts'

export type Score = { total: number; soft: boolean }

export const goal = 21

/** The best total: one ace counts eleven where that does not bust, and the hand is soft then. */
export function scoreOf(cards: readonly Card[]): Score {
  return scoreOfPips(cards.map(pipsOf))
}

export function scoreOfPips(pips: readonly number[]): Score {
  const low = pips.reduce((sum, each) => sum + each, 0)
  const soft = low + 10 <= goal && pips.includes(1)
  return { total: soft ? low + 10 : low, soft }
}

/** Twenty-one by the first two cards. */
export function isBlackjack(cards: readonly Card[]): boolean {
  return cards.length === 2 && scoreOf(cards).total === goal
}

export function isPair([first, second, ...more]: readonly Card[]): boolean {
  return more.length === 0 && first !== undefined && second !== undefined && pipsOf(first) === pipsOf(second)
}

export function dealerDraws({ total, soft }: Score, hitsSoft17: boolean): boolean {
  return total < 17 || (hitsSoft17 && soft && total === 17)
}
