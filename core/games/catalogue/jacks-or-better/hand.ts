import { type Card, rankOf } from '../../cards.ts'

/** What five cards come to, the highest first. */
export const classes = [
  'royal-flush',
  'straight-flush',
  'four-of-a-kind',
  'full-house',
  'flush',
  'straight',
  'three-of-a-kind',
  'two-pair',
  'jacks-or-better',
  'nothing',
] as const

export type Class = (typeof classes)[number]

const ace = 0
const jack = 10
/** Ranks as bits, for an ace both below the two and above the king. */
const broadway = 0b1_1110_0000_0001 // ace, ten, jack, queen, king
const lowest = 0b1_1111 // ace to five

/** @param ranks 0 for an ace to 12 for a king. @param suited all of one suit */
export function classOf(ranks: readonly number[], suited: boolean): Class {
  const counts = new Uint8Array(13)
  for (const rank of ranks) counts[rank]!++
  let [mask, pairs, threes, fours, high] = [0, 0, 0, 0, false]
  for (let rank = 0; rank < 13; rank++) {
    const count = counts[rank]!
    if (count > 0) mask |= 1 << rank
    if (count === 2) {
      pairs++
      high ||= rank === ace || rank >= jack
    } else if (count === 3) threes++
    else if (count === 4) fours++
  }
  if (fours > 0) return 'four-of-a-kind'
  if (threes > 0) return pairs > 0 ? 'full-house' : 'three-of-a-kind'
  if (pairs === 2) return 'two-pair'
  if (pairs === 1) return high ? 'jacks-or-better' : 'nothing'
  const straight = mask === broadway || mask === lowest * (mask & -mask) // five in a row, from the lowest on
  if (suited) return mask === broadway ? 'royal-flush' : straight ? 'straight-flush' : 'flush'
  return straight ? 'straight' : 'nothing'
}

export function classOfCards(cards: readonly Card[]): Class {
  return classOf(cards.map(rankOf), new Set(cards.map((card) => card[1])).size === 1)
}

/** The places of the cards that make it pay: all five of a straight or more, else those of a rank that comes often enough. */
export function payingPlaces(cards: readonly Card[]): number[] {
  const found = classOfCards(cards)
  if (found === 'nothing') return []
  const places = cards.map((_, place) => place)
  const often = places.filter((place) => cards.filter((card) => card[0] === cards[place]![0]).length > 1)
  return often.length > 0 ? often : places
}
