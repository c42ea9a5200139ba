import { add, type Fraction, fraction } from '../../../fraction.ts'
import type { House } from '../house.ts'
import { dealerSets } from './dealer.ts'
import { countAt, eachRow, halvesOf, type Row, rankAt, type Sets } from './sets.ts'
import type { Shoe } from './shoe.ts'

const places = [0, 1, 2, 3, 4]

/** The dealer's cards of one end, apart by high and low ranks: so many orders of a low half and of a high one with so many draws. */
type End = {
  lows: number[]
  slots: Array<{ high: number; draws: number }>
  highs: number[]
  terms: Array<{ low: number; slot: number; orders: number }>
}

/** The chance that the cards of a product of sets come, from the shoe as it is, and that the dealer then ends so. */
export type Jointly = (end: number, one: Sets, other: Sets) => Fraction

/**
 * Hands and the dealer draw from one shoe: that certain cards come, in certain orders, has the same chance whoever draws them and when. So the chance
 * of a product is a sum over the sets it has and the dealer's, of the ways the shoe has for both together; it is counted by how many cards they are,
 * in whole numbers.
 *
 * @throws RangeError where a double could not hold the ways of a dealer's exactly
 */
export function createJointly(house: House, up: number, shoe: Shoe): Jointly {
  const ends = endsOf(house, up)
  return (which, one, other) => {
    const end = ends[which]!
    const ways: bigint[] = []
    const known = new Map<number, ReturnType<typeof highOf>>()
    eachRow(one, other, (row) => count(row))
    return ways.reduce((sum, each, cards) => add(sum, fraction(each, shoe.ways(cards))), fraction(0n))

    function count({ low, highs, counts }: Row): void {
      const weight = weightOf(low, false)
      if (weight === 0n) return
      const cards = cardsOf(low)
      const given = dealerGiven(low)
      const sums: bigint[] = []
      for (let index = 0; index < highs.length; index++) {
        const high = highs[index]!
        const half = known.get(high) ?? highOf(high)
        known.set(high, half)
        if (half.weight === 0n) continue
        const times = half.weight * BigInt(counts[index]!)
        for (let slot = 0; slot < end.slots.length; ) {
          const { draws } = end.slots[slot]!
          let dealers = 0
          for (; slot < end.slots.length && end.slots[slot]!.draws === draws; slot++)
            dealers += half.dealer[end.slots[slot]!.high]! * given[slot]!
          if (dealers > 0) sums[half.cards + draws] = (sums[half.cards + draws] ?? 0n) + times * BigInt(dealers)
        }
      }
      sums.forEach((sum, more) => {
        ways[cards + more] = (ways[cards + more] ?? 0n) + sum * weight
      })
    }

    /** For each slot in how many ways the dealer's low cards come, when these are gone. */
    function dealerGiven(low: number): Float64Array {
      const byLow = end.lows.map((dealers) => waysAfter(low, dealers, false))
      const given = new Float64Array(end.slots.length)
      for (const { low: at, slot, orders } of end.terms) given[slot]! += orders * byLow[at]!
      return given
    }

    function highOf(high: number) {
      const dealer = Float64Array.from(end.highs, (dealers) => waysAfter(high, dealers, true))
      return { weight: weightOf(high, true), cards: cardsOf(high), dealer }
    }
  }

  /** In how many ways a half can come. */
  function weightOf(half: number, high: boolean): bigint {
    let weight = 1n
    for (const place of places)
      for (let n = 0; n < countAt(half, place); n++)
        weight *= BigInt(Math.max(0, shoe.left[rankAt(high, place)]! - n * shoe.removes))
    return weight
  }

  /** In how many the dealer's can when it is gone. */
  function waysAfter(half: number, dealers: number, high: boolean): number {
    let ways = 1
    for (const place of places) {
      const gone = countAt(half, place)
      for (let n = 0; n < countAt(dealers, place); n++)
        ways *= Math.max(0, shoe.left[rankAt(high, place)]! - (gone + n) * shoe.removes)
    }
    return ways
  }
}

function endsOf(house: House, up: number): End[] {
  const ends: End[] = []
  const [slotAt, lowAt, highAt] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  const sets = dealerSets(up, house.hitsSoft17).filter(({ end }) => end >= 0)
  for (const { cards, orders, end } of sets.sort((one, other) => one.cards.length - other.cards.length)) {
    ends[end] ??= { lows: [], slots: [], highs: [], terms: [] }
    const { lows, slots, highs, terms } = ends[end]
    const [low, high] = halvesOf(cards)
    const lowIndex = placeIn(lowAt, `${end}/${low}`, lows, low)
    const highIndex = placeIn(highAt, `${end}/${high}`, highs, high)
    const slot = placeIn(slotAt, `${end}/${high}/${cards.length}`, slots, { high: highIndex, draws: cards.length })
    terms.push({ low: lowIndex, slot, orders })
  }
  return ends
}

function placeIn<T>(known: Map<string, number>, name: string, list: T[], item: T): number {
  const place = known.get(name) ?? list.push(item) - 1
  known.set(name, place)
  return place
}

function cardsOf(half: number): number {
  return places.reduce((sum, place) => sum + countAt(half, place), 0)
}
