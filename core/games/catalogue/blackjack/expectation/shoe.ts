/** Cards by what they count: 1 for an ace, 2 to 9, 10 for tens and court cards. */
export const ranks = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const

/** A hand, or whatever was taken, as one number: five bits for the count of each rank. At most 31 of a rank, below 2^50. */
export const codeOf = (rank: number): number => 32 ** (rank - 1)

/**
 * What is left to be drawn. Everything is counted, not divided: a value is the number of ordered deals of `horizon` cards, times what they
 * pay, so that all values of one composition have one measure and probabilities never need to be rounded.
 */
export type Shoe = {
  /** How many of each rank are left, by rank; index 0 is unused. */
  readonly left: readonly number[]
  /** What a card that is taken is missing by: 1, or 0 where it is put back at once. */
  readonly removes: 0 | 1
  /** How many cards are left. */
  readonly size: number
  /** How many were taken. */
  readonly dealt: number
  /** Which were taken, as a sum of codes; shoes of the same contents have the same. */
  readonly key: number
  take(rank: number): void
  put(rank: number): void
  /** In how many ways so many cards more can come, when `gone` besides those taken are gone. */
  ways(cards: number, gone?: number): bigint
}

/** @param packs of 52, or Infinity: then each card is put back at once, one of thirteen */
export function createShoe(packs: number): Shoe {
  const finite = Number.isFinite(packs)
  const left = [0, ...ranks.map((rank) => (rank === 10 ? 16 : 4) * (finite ? packs : 0.25))]
  let size = finite ? 52 * packs : 13
  let dealt = 0
  let key = 0
  const known = new Map<number, bigint>()
  const move = (rank: number, by: 1 | -1) => {
    dealt += by
    if (!finite) return
    left[rank]! -= by
    size -= by
    key += by * codeOf(rank)
  }
  return {
    left,
    removes: finite ? 1 : 0,
    get size() {
      return size
    },
    get dealt() {
      return dealt
    },
    get key() {
      return key
    },
    take: (rank) => move(rank, 1),
    put: (rank) => move(rank, -1),
    ways(cards, gone = 0) {
      const from = finite ? size - gone : size
      const name = from * 1024 + cards
      let result = known.get(name)
      if (result === undefined) {
        result = 1n
        for (let card = 0; card < cards; card++) result *= BigInt(finite ? from - card : from)
        known.set(name, result)
      }
      return result
    },
  }
}
