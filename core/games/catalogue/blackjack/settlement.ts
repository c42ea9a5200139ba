import { goal, isBlackjack, scoreOf } from './hand.ts'
import type { State } from './round.ts'

export type Result = 'blackjack' | 'win' | 'push' | 'lose' | 'bust' | 'surrender'

/** What each hand of a finished round came to and brings back, and what the insurance brings back; in minor units, stakes included. */
export function settle(state: State): { hands: Array<{ result: Result; win: bigint }>; insurance: bigint } {
  const stake = BigInt(state.stake)
  const natural = isBlackjack(state.dealer)
  const hands = state.hands.map((hand) => {
    const result = resultOf(state, hand)
    return { result, win: (returnedHalves[result] * stake * BigInt(hand.stakes)) / 2n }
  })
  return { hands, insurance: state.insured && natural ? (stake / 2n) * 3n : 0n }
}

/** In halves of what lies on the hand; stakes are even. */
const returnedHalves: Record<Result, bigint> = { blackjack: 5n, win: 4n, push: 2n, surrender: 1n, lose: 0n, bust: 0n }

function resultOf({ dealer, hands }: State, { cards, surrendered }: State['hands'][number]): Result {
  if (surrendered) return 'surrender'
  const [mine, house] = [scoreOf(cards).total, scoreOf(dealer).total]
  if (mine > goal) return 'bust'
  const natural = hands.length === 1 && isBlackjack(cards)
  if (isBlackjack(dealer)) return natural ? 'push' : 'lose'
  if (natural) return 'blackjack'
  if (house > goal || mine > house) return 'win'
  return mine === house ? 'push' : 'lose'
}
