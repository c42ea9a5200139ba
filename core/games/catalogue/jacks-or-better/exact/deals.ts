import { cardsInPack, placeOf } from './sets.ts'

/** Five cards, and how many deals they stand for: those that only differ by the names of suits. */
export type Deal = {
  /** The places of all sets of the cards, by which of the five they have, as bits. */
  places: Int32Array
  count: number
}

/** Every deal that differs from the others by more than the names of suits: 134,459. */
export function distinctDeals(): Deal[] {
  const found = new Map<number, Deal>()
  const cards = [0, 0, 0, 0, 0]
  for (cards[0] = 0; cards[0] < cardsInPack; cards[0]++)
    for (cards[1] = cards[0] + 1; cards[1] < cardsInPack; cards[1]++)
      for (cards[2] = cards[1] + 1; cards[2] < cardsInPack; cards[2]++)
        for (cards[3] = cards[2] + 1; cards[3] < cardsInPack; cards[3]++)
          for (cards[4] = cards[3] + 1; cards[4] < cardsInPack; cards[4]++) {
            const name = nameOf(cards)
            const known = found.get(name)
            if (known) known.count++
            else found.set(name, { places: placesOf(cards), count: 1 })
          }
  return [...found.values()]
}

/** @param cards ascending, 0 to 51 */
export function placesOf(cards: readonly number[]): Int32Array {
  return Int32Array.from({ length: 32 }, (_, mask) => placeOf(cards.filter((_, i) => mask & (1 << i))))
}

/** The same for deals that only differ by the names of suits: the ranks of each suit as bits, suits in order of these. */
function nameOf(cards: readonly number[]): number {
  const suits = [0, 0, 0, 0]
  for (const card of cards) suits[card % 4]! |= 1 << (card >> 2)
  suits.sort((one, other) => other - one)
  return ((suits[0]! * 8192 + suits[1]!) * 8192 + suits[2]!) * 8192 + suits[3]!
}
