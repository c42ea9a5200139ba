import type { Draws } from '#rng'
import type { Card } from '../../cards.ts'
import { multiply } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { readMove } from '../../move.ts'
import { fieldsOf, readStake, reviveStaked, writeStaked } from '../../stake.ts'
import { scoreOf } from './hand.ts'
import { house } from './house.ts'
import { rtp, spread } from './returns.ts'
import { activeOf, deal, finish, type Move, make, openMoves, type State, stakeOfMove } from './round.ts'
import { rules } from './rules.ts'
import { type Result, settle } from './settlement.ts'

type Choice = { stake: bigint }

type ShownHand = { cards: Card[]; total: number; soft: boolean; stakes: 1 | 2; result?: Result; win?: string }

/**
 * The dealer's cards (one while the player decides), the player's hands in order with what they came to when the round is over, whose turn
 * it is (null when nobody's), and the insurance: null where it was not offered, else whether it is on offer, was taken or declined; with
 * what it brought.
 */
type BlackjackOutcome = {
  dealer: { cards: Card[]; total: number }
  hands: ShownHand[]
  active: number | null
  insurance: 'offered' | 'taken' | 'declined' | null
  insuranceWin?: string
}

const stakeMin = 100n
const stakeMax = 50_000n
const bounds = { min: stakeMin, max: stakeMax, step: 2n } // half of it is a whole number of minor units
const timesMax = 2n * BigInt(house.handsMax) * 2n // every hand doubled and won

/** Blackjack from a shoe that is shuffled afresh for each round, against a dealer who looks for a blackjack first. */
export const blackjack: Game<Choice> = {
  id: 'blackjack',
  name: 'Blackjack',
  kind: 'table',
  version: versionOf({ game: 'blackjack', house, blackjack: '3:2', insurance: '2:1', double: 'any two cards' }),
  rtp,
  stakeMin,
  stakeMax,
  winMax: timesMax * stakeMax,
  sheet: { house, pays: { blackjack: '3:2', insurance: '2:1' }, step: 2 },
  rules,
  sample: { stake: '1.00' },
  readChoice: (input, currency) => ({ stake: readStake(fieldsOf(input, ['stake']).stake, currency, bounds) }),
  stakeOf: ({ stake }) => stake,
  play: ({ stake }, draws) => told(deal(stake, draws), draws),
  moves: {
    read: (state, input) => readMove(input, openMoves(state as State)),
    stakeOf: (state, move) => stakeOfMove(state as State, move as Move),
    make: (state, move, draws) => told(make(state as State, move as Move, draws), draws),
    fallback: (state) => ({ move: openMoves(state as State).includes('no-insurance') ? 'no-insurance' : 'stand' }),
    open: (state) => openMoves(state as State),
  },
  spread({ stake }) {
    const times = { n: stake, d: 1n }
    return { mean: multiply(spread.mean, times), variance: multiply(spread.variance, multiply(times, times)) }
  },
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}

function told(state: State, draws: Draws) {
  return openMoves(state).length > 0 ? waiting(state) : over(finish(state, draws))
}

function waiting(state: State) {
  const [up] = state.dealer as [Card]
  const outcome: BlackjackOutcome = {
    dealer: { cards: [up], total: scoreOf([up]).total },
    hands: state.hands.map(shown),
    active: state.insured === null ? null : activeOf(state)!,
    insurance: insuranceOf(state),
  }
  return { outcome, win: 0n, state }
}

function over(state: State) {
  const { hands, insurance } = settle(state)
  const outcome: BlackjackOutcome = {
    dealer: { cards: state.dealer, total: scoreOf(state.dealer).total },
    hands: state.hands.map((hand, index) => {
      const { result, win } = hands[index]!
      return { ...shown(hand), result, win: win.toString() }
    }),
    active: null,
    insurance: insuranceOf(state),
    ...(state.insured ? { insuranceWin: insurance.toString() } : {}),
  }
  return { outcome, win: hands.reduce((sum, { win }) => sum + win, insurance) }
}

function shown({ cards, stakes }: State['hands'][number]): ShownHand {
  return { cards, ...scoreOf(cards), stakes }
}

function insuranceOf({ insured }: State): BlackjackOutcome['insurance'] {
  if (insured === undefined) return null
  return insured === null ? 'offered' : insured ? 'taken' : 'declined'
}
