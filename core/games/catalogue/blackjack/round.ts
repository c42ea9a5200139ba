import type { Draws } from '#rng'
import { type Card, pipsOf, shoe } from '../../cards.ts'
import { dealerDraws, goal, isBlackjack, isPair, scoreOf } from './hand.ts'
import { house } from './house.ts'

export type Move = 'insurance' | 'no-insurance' | 'hit' | 'stand' | 'double' | 'split' | 'surrender'

/** `stakes` is how many times the first stake lies on it; a hand that is done waits for the dealer. */
type Hand = { cards: Card[]; stakes: 1 | 2; done: boolean; surrendered: boolean }

/** A round between moves, as it is kept: the dealer's second card in it is told to nobody until the player is done. */
export type State = {
  stake: string
  dealer: Card[]
  hands: Hand[]
  /** Undefined where it was not offered, null while it is. */
  insured?: boolean | null
}

/** Deals two cards each, the player's first; the dealer's first lies open. */
export function deal(stake: bigint, draws: Draws): State {
  const next = shoe(house.packs, [], draws)
  const [first, up, second, hole] = [next(), next(), next(), next()] as [Card, Card, Card, Card]
  const state: State = {
    stake: stake.toString(),
    dealer: [up, hole],
    hands: [{ cards: [first, second], stakes: 1, done: false, surrendered: false }],
  }
  return pipsOf(up) === 1 ? { ...state, insured: null } : looked(state)
}

/** The hand whose turn it is, undefined when the player is done. */
export function activeOf(state: State): number | undefined {
  const index = state.hands.findIndex(({ done }) => !done)
  return index < 0 ? undefined : index
}

export function openMoves(state: State): Move[] {
  if (state.insured === null) return ['insurance', 'no-insurance']
  const hand = state.hands[activeOf(state) ?? -1]
  if (!hand) return []
  const aces = isOfSplitAces(state, hand)
  const [first, split] = [hand.cards.length === 2, state.hands.length > 1]
  return [
    ...(aces ? [] : ['hit' as const]),
    'stand',
    ...(first && !aces && (!split || house.doubleAfterSplit) ? ['double' as const] : []),
    ...(isPair(hand.cards) && state.hands.length < house.handsMax && (!aces || house.resplitAces)
      ? ['split' as const]
      : []),
    ...(first && !split && house.lateSurrender ? ['surrender' as const] : []),
  ]
}

/** What a move stakes besides, in minor units. */
export function stakeOfMove({ stake }: State, move: Move): bigint {
  if (move === 'double' || move === 'split') return BigInt(stake)
  return move === 'insurance' ? BigInt(stake) / 2n : 0n
}

export function make(state: State, move: Move, draws: Draws): State {
  if (move === 'insurance' || move === 'no-insurance') return looked({ ...state, insured: move === 'insurance' })
  const index = activeOf(state)!
  const hand = state.hands[index]!
  const next = shoe(house.packs, dealtOf(state), draws)
  const with_ = (...hands: Hand[]): State => ({ ...state, hands: state.hands.toSpliced(index, 1, ...hands) })
  switch (move) {
    case 'stand':
      return with_({ ...hand, done: true })
    case 'surrender':
      return with_({ ...hand, done: true, surrendered: true })
    case 'hit':
      return closed(with_({ ...hand, cards: [...hand.cards, next()] }))
    case 'double':
      return with_({ ...hand, cards: [...hand.cards, next()], stakes: 2, done: true })
    case 'split': {
      const [one, other] = hand.cards as [Card, Card]
      return closed(with_({ ...hand, cards: [one, next()] }, { ...hand, cards: [other, next()] }))
    }
  }
}

/** The dealer plays, if a hand is left to play against. */
export function finish(state: State, draws: Draws): State {
  const against = state.hands.some(({ cards, surrendered }) => !surrendered && scoreOf(cards).total <= goal)
  const natural = state.hands.length === 1 && isBlackjack(state.hands[0]!.cards)
  if (!against || natural) return state
  const next = shoe(house.packs, dealtOf(state), draws)
  const dealer = [...state.dealer]
  while (dealerDraws(scoreOf(dealer), house.hitsSoft17)) dealer.push(next())
  return { ...state, dealer }
}

/** When the dealer has a blackjack, or the player, nothing is left to decide. */
function looked(state: State): State {
  const over = isBlackjack(state.dealer) || isBlackjack(state.hands[0]!.cards)
  return over ? { ...state, hands: state.hands.map((hand) => ({ ...hand, done: true })) } : state
}

/** Hands that nothing can be done with are done: 21 or more, and split aces but for a pair that may be split again. */
function closed(state: State): State {
  const hands = state.hands.map((hand) => {
    const spent = scoreOf(hand.cards).total >= goal
    const again = isPair(hand.cards) && house.resplitAces && state.hands.length < house.handsMax
    return spent || (isOfSplitAces(state, hand) && !again) ? { ...hand, done: true } : hand
  })
  return { ...state, hands }
}

function isOfSplitAces({ hands }: State, { cards }: Hand): boolean {
  return hands.length > 1 && pipsOf(cards[0]!) === 1
}

function dealtOf({ dealer, hands }: State): Card[] {
  return [...dealer, ...hands.flatMap(({ cards }) => cards)]
}
