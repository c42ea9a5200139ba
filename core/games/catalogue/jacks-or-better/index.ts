import { type Card, shoe } from '../../cards.ts'
import { choiceInvalid } from '../../errors.ts'
import { type Game, versionOf } from '../../game.ts'
import { readMove } from '../../move.ts'
import { spreadOf } from '../../spread.ts'
import { fieldsOf, readStake, reviveStaked, writeStaked } from '../../stake.ts'
import { type Class, classes, classOfCards, payingPlaces } from './hand.ts'
import { counts, pays, rtp, total } from './pays.ts'
import { rules } from './rules.ts'

type Choice = { stake: bigint }
type Move = { hold: number[] }
type State = { stake: string; cards: Card[] }

/**
 * The five cards as they lie and what they come to. When the round is over also which were dealt, which places of them were held, and what
 * it pays for one staked.
 */
type PokerOutcome = {
  cards: Card[]
  class: Class
  ended?: { dealt: Card[]; held: number[]; times: number }
}

const handSize = 5
const stakeMin = 10n
const stakeMax = 10_000n

/** Five cards, of which the player holds some and draws the rest once; a pair of jacks pays. */
export const jacksOrBetter: Game<Choice> = {
  id: 'jacks-or-better',
  name: 'Jacks or Better',
  kind: 'table',
  version: versionOf({ game: 'jacks or better', pays: classes.map((name) => [name, pays[name]]) }),
  rtp,
  stakeMin,
  stakeMax,
  winMax: stakeMax * BigInt(pays['royal-flush']),
  sheet: { classes, pays, counts, total },
  rules,
  sample: { stake: '1.00' },
  readChoice: (input, currency) => ({
    stake: readStake(fieldsOf(input, ['stake']).stake, currency, { min: stakeMin, max: stakeMax }),
  }),
  stakeOf: ({ stake }) => stake,
  play({ stake }, draws) {
    const next = shoe(1, [], draws)
    const cards = Array.from({ length: handSize }, () => next())
    const outcome: PokerOutcome = { cards, class: classOfCards(cards) }
    const state: State = { stake: stake.toString(), cards }
    return { outcome, win: 0n, state }
  },
  moves: {
    read(_, input): Move {
      readMove(input, ['hold'], ['hold'])
      return { hold: readHold(fieldsOf(input, ['move', 'hold']).hold) }
    },
    stakeOf: () => 0n,
    make(state, move, draws) {
      const { stake, cards: dealt } = state as State
      const { hold } = move as Move
      const next = shoe(1, dealt, draws)
      const cards = dealt.map((card, place) => (hold.includes(place) ? card : next()))
      const found = classOfCards(cards)
      const outcome: PokerOutcome = { cards, class: found, ended: { dealt, held: hold, times: pays[found] } }
      return { outcome, win: BigInt(stake) * BigInt(pays[found]) }
    },
    fallback: (state) => ({ move: 'hold', hold: payingPlaces((state as State).cards) }),
    open: () => ['hold'],
  },
  returns: ({ stake }) => classes.map((name) => [BigInt(counts[name]), stake * BigInt(pays[name])]),
  spread(choice) {
    return spreadOf(this.returns!(choice))
  },
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}

/** Places of the hand, 0 to 4, each once; none is a hold too. */
function readHold(hold: unknown): number[] {
  const places = Array.from({ length: handSize }, (_, place) => place)
  const said = Array.isArray(hold) && hold.length <= handSize && new Set(hold).size === hold.length ? hold : undefined
  if (!said?.every((place) => places.includes(place as number)))
    throw choiceInvalid(`Name the places to hold, 0 to ${handSize - 1}, each once.`)
  return places.filter((place) => said.includes(place))
}
