import type { Draws } from '#rng'

/** A card as rank and suit: `AS`, `TD`, `7C`. */
export type Card = string

const suits = ['S', 'H', 'D', 'C'] as const
const ranks = ['A', '2', '3', '4', '5', '6', '7', '8', '9', 'T', 'J', 'Q', 'K'] as const

const pack: readonly Card[] = ranks.flatMap((rank) => suits.map((suit) => rank + suit))

/** 0 for an ace, 1 for a two, … 12 for a king. */
export function rankOf(card: Card): number {
  return ranks.indexOf(card[0] as (typeof ranks)[number])
}

/** 1 for an ace, 10 for every ten and court card. */
export function pipsOf(card: Card): number {
  return Math.min(rankOf(card) + 1, 10)
}

/**
 * Cards of so many packs, without those that were dealt, each of what remains equally likely [GLI-3.2.3a]. Nothing but the dealt cards is
 * remembered, so a round can go on from its state.
 */
export function shoe(packs: number, dealt: readonly Card[], draws: Draws): () => Card {
  const left = pack.map(() => packs)
  let total = packs * pack.length
  const take = (index: number): Card => {
    left[index]!--
    total--
    return pack[index]!
  }
  for (const card of dealt) take(pack.indexOf(card))
  return () => {
    let nth = draws(total, 'card')
    let index = 0
    for (; nth >= left[index]!; index++) nth -= left[index]!
    return take(index)
  }
}
