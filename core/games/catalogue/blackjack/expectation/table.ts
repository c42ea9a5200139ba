import type { House } from '../house.ts'
import { createDealer } from './dealer.ts'
import { createShoe, type Shoe } from './shoe.ts'

/** More cards than any round takes: the dealer's, a hand's, and those that a split asks about besides. */
const horizon = 44

/** One card of the dealer's that lies open, and what stands against it. Values are of one unit staked, as counted deals (see `Shoe`). */
export type Table = {
  readonly up: number
  /** How many cards a deal has that is counted. */
  readonly horizon: number
  readonly house: House
  /** The shoe without the open card. Whoever takes a card puts it back. */
  readonly shoe: Shoe
  /** A hand of this total that stands. Beyond 21 it has lost. */
  stand(total: number): bigint
  /** All deals in which the dealer has no blackjack: what a sure win of one unit is worth. */
  all(): bigint
  /** All deals in which the dealer has one. */
  blackjacks(): bigint
}

export function createTable(house: House, up: number): Table {
  const shoe = createShoe(house.packs)
  const dealer = createDealer(up, house.hitsSoft17)
  const hole = up === 1 ? 10 : up === 10 ? 1 : undefined
  shoe.take(up)
  /** The cards that may still come and decide nothing. */
  const rest = (cards: number) => shoe.ways(horizon - shoe.dealt - cards, cards)
  const holes = () => (hole === undefined ? 0n : BigInt(shoe.left[hole]!))
  const blackjacks = () => holes() * rest(1)
  const all = () => (BigInt(shoe.size) - holes()) * rest(1)
  return {
    up,
    horizon,
    house,
    shoe,
    all,
    blackjacks,
    stand(total) {
      if (total > 21) return -all()
      const ends = dealer.endsFrom(shoe)
      let value = ends[5]!
      for (let end = 17; end <= 21; end++) {
        if (total > end) value += ends[end - 17]!
        else if (total < end) value -= ends[end - 17]!
      }
      return value * rest(dealer.drawsMax)
    },
  }
}
