import type * as rng from '#rng'

/** Draws that deal these cards, by rank in the order they come, out of so many packs; and how many of them are left. */
export function deck(packs: number, cards: string): { draws: rng.Draws; left(): number; ranges: number[] } {
  const left = Array.from({ length: 52 }, () => packs)
  const ranges: number[] = []
  let next = 0
  return {
    ranges,
    left: () => cards.length - next,
    draws(range) {
      ranges.push(range)
      const first = 'A23456789TJQK'.indexOf(cards[next++] ?? '') * 4
      if (first < 0) throw new Error(`another card after ${cards}`)
      const card = [first, first + 1, first + 2, first + 3].find((each) => left[each]! > 0)!
      const place = left.slice(0, card).reduce((sum, count) => sum + count, 0)
      left[card]!--
      return place
    },
  }
}
