import { dealerDraws, goal, scoreOfPips } from '../hand.ts'
import { ranks, type Shoe } from './shoe.ts'

/** What the dealer ends with: 17, 18, 19, 20, 21, or bust. */
export const ends = 6
export const bust = 5

type Node = {
  /** The cards drawn without the highest, and the highest with how many of it there are. */
  parent: number
  rank: number
  nth: number
  /** In how many orders they can come before the dealer stands; 0 where the dealer cannot come here. */
  orders: number
  draws: number
  /** Where the dealer stands; -1 where another card is drawn. */
  end: number
}

/** The dealer of one card that lies open, to be asked what a shoe holds. */
export type Dealer = {
  /** The most cards that are drawn. */
  readonly drawsMax: number
  /** In how many ways of `drawsMax` cards each end comes from this shoe; never with a blackjack, for which the dealer has looked. */
  endsFrom(shoe: Shoe): readonly bigint[]
}

const nthMax = 16

/**
 * Which cards come in which order does not change what is left, so that hands are sets with a number of orders; a set's weight is the product of
 * what the shoe has of each rank. Weights are whole numbers: where no sum of the whole shoe reaches 2^53, doubles hold them exactly, and a
 * shoe of which cards are gone has smaller ones; the longest hands' are integers of any length.
 *
 * @param whole the fullest shoe that will be asked about
 */
export function createDealer(up: number, hitsSoft17: boolean, whole: Shoe): Dealer {
  const nodes = nodesOf(up, hitsSoft17)
  const drawsMax = Math.max(...nodes.map(({ draws }) => draws))
  const drawsInDoubles = exactDraws(nodes, whole)
  const known = new Map<number, readonly bigint[]>()
  const short = nodes.filter(({ draws }) => draws <= drawsInDoubles)
  // The inner loop of everything: columns instead of rows.
  const parents = Int32Array.from(short, ({ parent }) => parent)
  const factorAt = Int32Array.from(short, ({ rank, nth }) => rank * nthMax + nth)
  const orders = Float64Array.from(short, (node) => (node.end < 0 ? 0 : node.orders))
  const sumAt = Int32Array.from(short, ({ draws, end }) => (end < 0 ? 0 : draws * ends + end))
  const factors = new Float64Array((ranks.length + 1) * nthMax)
  const weights = new Float64Array(short.length)
  const sums = new Float64Array((drawsInDoubles + 1) * ends)
  return { drawsMax, endsFrom }

  function endsFrom(shoe: Shoe): readonly bigint[] {
    const before = known.get(shoe.key)
    if (before) return before
    const result = new Array<bigint>(ends).fill(0n)
    sumShort(shoe)
    for (let draws = 1; draws <= drawsInDoubles; draws++) {
      const rest = shoe.ways(drawsMax - draws, draws)
      for (let end = 0; end < ends; end++) {
        const sum = sums[draws * ends + end]!
        if (sum > 0) result[end]! += BigInt(sum) * rest
      }
    }
    addLong(shoe, result)
    known.set(shoe.key, result)
    return result
  }

  function sumShort(shoe: Shoe): void {
    for (const rank of ranks)
      for (let nth = 1; nth < nthMax; nth++) factors[rank * nthMax + nth] = leftOf(shoe, rank, nth)
    sums.fill(0)
    weights[0] = 1
    for (let index = 1; index < parents.length; index++) {
      const weight = weights[parents[index]!]! * factors[factorAt[index]!]!
      weights[index] = weight
      sums[sumAt[index]!]! += weight * orders[index]!
    }
  }

  function addLong(shoe: Shoe, result: bigint[]): void {
    const long: bigint[] = []
    for (let index = short.length; index < nodes.length; index++) {
      const { parent, rank, nth, orders, draws, end } = nodes[index]!
      const above = parent < short.length ? BigInt(weights[parent]!) : long[parent - short.length]!
      const weight = above * BigInt(leftOf(shoe, rank, nth))
      long.push(weight)
      if (end >= 0) result[end]! += weight * BigInt(orders) * shoe.ways(drawsMax - draws, draws)
    }
  }
}

/** How many of a rank are left for the nth card of it. */
function leftOf(shoe: Shoe, rank: number, nth: number): number {
  return Math.max(0, shoe.left[rank]! - (nth - 1) * shoe.removes)
}

/** Up to how many draws every weight and every sum of them stays below 2^53. */
function exactDraws(nodes: readonly Node[], whole: Shoe): number {
  const weights: bigint[] = []
  const sums: bigint[] = []
  for (const { parent, rank, nth, orders, draws } of nodes) {
    const weight = draws === 0 ? 1n : weights[parent]! * BigInt(leftOf(whole, rank, nth))
    weights.push(weight)
    sums[draws] = (sums[draws] ?? 0n) + weight * BigInt(Math.max(orders, 1))
  }
  const beyond = sums.findIndex((sum) => sum > BigInt(Number.MAX_SAFE_INTEGER))
  return beyond < 0 ? sums.length - 1 : beyond - 1
}

/** A set of the dealer's cards besides the open one: in how many orders they come before the dealer stands, and where; -1 where another is drawn. */
export type DealerSet = { cards: readonly number[]; orders: number; end: number }

/** Every set of cards that can come. */
export function dealerSets(up: number, hitsSoft17: boolean): DealerSet[] {
  const sets = new Map<string, { cards: number[]; orders: number }>([['', { cards: [], orders: 1 }]])
  const queue = [...sets.values()]
  for (const { cards, orders } of queue) {
    if (orders === 0 || endOf(up, cards, hitsSoft17) >= 0) continue
    for (const rank of ranks) {
      if (cards.length === 0 && up + rank === 11 && (up === 1 || up === 10)) continue // looked for, and not there
      const more = [...cards, rank].sort((one, other) => one - other)
      const found = sets.get(more.join())
      if (found) found.orders += orders
      else {
        const set = { cards: more, orders }
        sets.set(more.join(), set)
        queue.push(set)
      }
    }
  }
  return queue.map((set) => ({ ...set, end: endOf(up, set.cards, hitsSoft17) }))
}

/** These sets and those they are built from, smallest first. */
function nodesOf(up: number, hitsSoft17: boolean): Node[] {
  const sets = new Map(dealerSets(up, hitsSoft17).map((set) => [set.cards.join(), set]))
  // Weights are built card by card in ascending order, over sets that may not come in any order of drawing.
  for (const { cards } of [...sets.values()])
    for (let n = 1; n < cards.length; n++) {
      const part = cards.slice(0, n)
      if (!sets.has(part.join())) sets.set(part.join(), { cards: part, orders: 0, end: -1 })
    }
  const all = [...sets.values()].sort((one, other) => one.cards.length - other.cards.length)
  const places = new Map(all.map(({ cards }, index) => [cards.join(), index]))
  return all.map(({ cards, orders, end }) => ({
    parent: places.get(cards.slice(0, -1).join()) ?? 0,
    rank: cards.at(-1) ?? 0,
    nth: cards.filter((rank) => rank === cards.at(-1)).length,
    orders,
    draws: cards.length,
    end,
  }))
}

/** Where the dealer stands with these cards, -1 where not. */
function endOf(up: number, cards: readonly number[], hitsSoft17: boolean): number {
  const score = scoreOfPips([up, ...cards])
  if (cards.length === 0 || dealerDraws(score, hitsSoft17)) return -1
  return score.total > goal ? bust : score.total - 17
}
