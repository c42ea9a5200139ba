import { type Class, classes } from '../hand.ts'
import { type Deal, distinctDeals, placesOf } from './deals.ts'
import { cardsInPack, countSets, type Sets, waysOf } from './sets.ts'

export type Pays = Readonly<Record<Class, number>>

/** What a pay table returns with the best play, over every deal and every draw. */
export type Report = {
  /** How often each class comes, of `total`: 2,598,960 deals times 5 * C(47, 5) draws. */
  counts: Record<Class, number>
  total: number
  /** Deals of which all five cards are kept. */
  keptWhole: number
  /** The sum over deals of the square of what each is worth, in units of 1/`perDeal`. */
  squares: bigint
}

const all = 31
const width = classes.length
const left = cardsInPack - 5
/** One measure for any number of cards drawn: 5 * C(47, 5), which C(47, n) divides for each n. */
export const perDeal = 5 * waysOf(left, 5)
const drawsOf = Array.from({ length: 32 }, (_, mask) => 5 - bits(mask))
const measureOf = drawsOf.map((draws) => perDeal / waysOf(left, draws))
const sizeOf = Array.from({ length: 32 }, (_, mask) => bits(mask))

let sets: Sets | undefined
let deals: Deal[] | undefined

/** What is worth most of a deal: which places are kept, as bits. The first of equals. @param cards ascending, 0 to 51 */
export function bestKept(pays: Pays, cards: readonly number[]): number {
  return bestOf(valuesOf(pays), placesOf(cards)).kept
}

export function bestPlay(pays: Pays): Report {
  deals ??= distinctDeals()
  const values = valuesOf(pays)
  const counts = new Float64Array(classes.length)
  let [keptWhole, squares] = [0, 0n]
  for (const { places, count } of deals) {
    const { kept, worth } = bestOf(values, places)
    if (kept === all) keptWhole += count
    squares += BigInt(count) * BigInt(worth) ** 2n
    addClasses(counts, places, kept, count)
  }
  return {
    counts: Object.fromEntries(classes.map((name, number) => [name, counts[number]])) as Record<Class, number>,
    total: waysOf(cardsInPack, 5) * perDeal,
    keptWhole,
    squares,
  }
}

/** What all hands pay together that hold a set, for every set by its size and place. */
function valuesOf(pays: Pays): Float64Array[] {
  sets ??= countSets()
  const paid = Float64Array.from(classes, (name) => pays[name])
  const smaller = sets.counted.map((counted) => {
    const values = new Float64Array(counted.length / paid.length)
    for (let i = 0; i < counted.length; i++)
      values[Math.floor(i / paid.length)]! += counted[i]! * paid[i % paid.length]!
    return values
  })
  return [...smaller, Float64Array.from(sets.hands, (number) => paid[number]!)]
}

/**
 * Hands that hold what is kept and nothing of what is thrown away: all that hold what is kept, less those that hold a card thrown away as well,
 * and so on by inclusion and exclusion.
 */
function bestOf(values: readonly Float64Array[], places: Int32Array): { kept: number; worth: number } {
  let [best, worth] = [0, -1]
  for (let kept = 0; kept <= all; kept++) {
    const thrown = all ^ kept
    let sum = 0
    for (let some = thrown; ; some = (some - 1) & thrown) {
      const value = values[sizeOf[kept | some]!]![places[kept | some]!]!
      sum += sizeOf[some]! % 2 ? -value : value
      if (some === 0) break
    }
    const measured = sum * measureOf[kept]!
    if (measured > worth) [best, worth] = [kept, measured]
  }
  return { kept: best, worth }
}

function addClasses(counts: Float64Array, places: Int32Array, kept: number, count: number): void {
  const thrown = all ^ kept
  for (let some = thrown; ; some = (some - 1) & thrown) {
    const [size, place] = [sizeOf[kept | some]!, places[kept | some]!]
    const times = (sizeOf[some]! % 2 ? -1 : 1) * measureOf[kept]! * count
    const counted = sets!.counted[size]
    if (!counted) counts[sets!.hands[place]!]! += times
    else for (let number = 0; number < width; number++) counts[number]! += counted[place * width + number]! * times
    if (some === 0) break
  }
}

function bits(mask: number): number {
  return [1, 2, 4, 8, 16].filter((bit) => mask & bit).length
}
