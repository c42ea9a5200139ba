import { goal } from '../hand.ts'
import type { House } from '../house.ts'
import { bust, createDealer, ends } from './dealer.ts'
import { createShoe, type Shoe } from './shoe.ts'

/** More cards than any round takes: the dealer's, a hand's, and those that a split asks about besides. */
const horizon = 44

/** One card of the dealer's that lies open, and what stands against it. Values are of one unit staked, as counted deals (see `Shoe`). */
export type Table = {
  /** The open card, how many there are of it, and how many deals. */
  readonly up: number
  readonly ups: bigint
  readonly deals: bigint
  readonly house: House
  /** The shoe without the open card. Whoever takes a card puts it back. */
  readonly shoe: Shoe
  /** A hand of this total that stands. Beyond 21 it has lost. */
  stand(total: number): bigint
  /** The deals in which that hand does not get its stake back: the square of what it wins. */
  standSquared(total: number): bigint
  /** The deals in which the dealer ends so; `ends` of them, by number. */
  endings(end: number): bigint
  /** All deals in which the dealer has no blackjack: what a sure win of one unit is worth. */
  all(): bigint
  /** All deals in which the dealer has one. */
  blackjacks(): bigint
}

export function createTable(house: House, up: number): Table {
  const shoe = createShoe(house.packs)
  const hole = up === 1 ? 10 : up === 10 ? 1 : undefined
  const [ups, deals] = [BigInt(shoe.left[up]!), shoe.ways(horizon)]
  shoe.take(up)
  const dealer = createDealer(up, house.hitsSoft17, shoe)
  /** The cards that may still come and decide nothing. */
  const rest = (cards: number) => shoe.ways(horizon - shoe.dealt - cards, cards)
  const holes = () => (hole === undefined ? 0n : BigInt(shoe.left[hole]!))
  const blackjacks = () => holes() * rest(1)
  const endings = (end: number) => dealer.endsFrom(shoe)[end]! * rest(dealer.drawsMax)
  const all = () => (BigInt(shoe.size) - holes()) * rest(1)
  return {
    up,
    ups,
    deals,
    house,
    shoe,
    all,
    blackjacks,
    endings,
    stand(total) {
      if (total > goal) return -all()
      let value = 0n
      for (let end = 0; end < ends; end++) value += BigInt(signOf(total, end)) * dealer.endsFrom(shoe)[end]!
      return value * rest(dealer.drawsMax)
    },
    standSquared: (total) => (total > goal || total < 17 ? all() : all() - endings(total - 17)),
  }
}

/** Whether a hand of this total wins (1), loses (-1) or neither against an end of the dealer's. */
export function signOf(total: number, end: number): number {
  if (total > goal) return -1
  return end === bust ? 1 : Math.sign(total - 17 - end)
}
