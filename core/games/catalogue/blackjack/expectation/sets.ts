import { ranks } from './shoe.ts'

/**
 * Sets of cards by how many they have of each rank, and how often each is counted: polynomials in the ranks. The low ranks, ace to five, are one
 * number, the high ones another, five bits for each count; what has the same low ranks lies together.
 */
export type Sets = readonly Row[]
export type Row = { low: number; highs: Int32Array; counts: Float64Array }

/** One set, such as what a hand ends with. */
export type Counted = { cards: readonly number[]; count: number }

const lowRanks = 5
const bits = 5

export const nothing: Sets = setsOf([{ cards: [], count: 1 }])

export function setsOf(counted: readonly Counted[]): Sets {
  const rows = new Map<number, Map<number, number>>()
  for (const { cards, count } of counted) {
    const [low, high] = halvesOf(cards)
    const row = rows.get(low) ?? new Map<number, number>()
    rows.set(low, row.set(high, (row.get(high) ?? 0) + count))
  }
  return [...rows].map(([low, row]) => ({
    low,
    highs: Int32Array.from(row.keys()),
    counts: Float64Array.from(row.values()),
  }))
}

/** How many there are of a rank of a half, `place` from 0 to 4. */
export const countAt = (half: number, place: number): number => (half >>> (bits * place)) & 31

export function halvesOf(cards: readonly number[]): [low: number, high: number] {
  const halves: [number, number] = [0, 0]
  for (const rank of cards) halves[rank > lowRanks ? 1 : 0] += 1 << (bits * ((rank - 1) % lowRanks))
  return halves
}

/** Which rank a place of the high or the low half is. */
export const rankAt = (high: boolean, place: number): number => ranks[place + (high ? lowRanks : 0)]!

export function times(one: Sets, other: Sets): Sets {
  const rows: Row[] = []
  eachRow(one, other, ({ low, highs, counts }) => {
    rows.push({ low, highs: highs.slice(), counts: counts.slice() })
  })
  return rows
}

export function plus(all: ReadonlyArray<{ sets: Sets; times: number }>): Sets {
  const rows = new Map<number, Map<number, number>>()
  for (const { sets, times } of all)
    for (const { low, highs, counts } of sets) {
      const row = rows.get(low) ?? new Map<number, number>()
      rows.set(low, row)
      highs.forEach((high, index) => {
        row.set(high, (row.get(high) ?? 0) + counts[index]! * times)
      })
    }
  return [...rows].map(([low, row]) => ({
    low,
    highs: Int32Array.from(row.keys()),
    counts: Float64Array.from(row.values()),
  }))
}

/**
 * The rows of a product one after the other, as there may be too many to keep; what a visitor is given is overwritten by the next row.
 *
 * @throws RangeError where a count could pass what a double holds exactly
 */
export function eachRow(one: Sets, other: Sets, visit: (row: Row) => void): void {
  if (largestOf(one) * sumOf(other) > Number.MAX_SAFE_INTEGER) throw new RangeError('counts of sets that are too large')
  const radices = Array.from({ length: lowRanks }, (_, place) => mostAt(one, place) + mostAt(other, place) + 1)
  const [left, right] = [placed(one, radices), placed(other, radices)]
  const size = radices.reduce((all, radix) => all * radix, 1)
  // Of the row that is being summed: every high half there can be, and which of them there are.
  const sums = new Float64Array(size)
  const found = new Int32Array(size)
  const highs = new Int32Array(size)
  const counts = new Float64Array(size)
  const highAt = new Int32Array(size)
  for (const [low, pairs] of pairsByLow(one, other)) {
    let touched = 0
    for (const pair of pairs) {
      const [a, b] = [left[Math.floor(pair / other.length)]!, right[pair % other.length]!]
      for (let j = 0; j < b.places.length; j++) {
        const [place, high, count] = [b.places[j]!, b.highs[j]!, b.counts[j]!]
        for (let i = 0; i < a.places.length; i++) {
          const at = a.places[i]! + place
          if (sums[at] === 0) {
            if (touched === size) touched = withoutZeros()
            found[touched++] = at
            highAt[at] = a.highs[i]! + high
          }
          sums[at]! += a.counts[i]! * count
        }
      }
    }
    let n = 0
    for (let index = 0; index < touched; index++) {
      const at = found[index]!
      if (sums[at] === 0) continue // came to nothing, or is there twice
      highs[n] = highAt[at]!
      counts[n++] = sums[at]!
      sums[at] = 0
    }
    if (n > 0) visit({ low, highs: highs.subarray(0, n), counts: counts.subarray(0, n) })
  }

  /** A sum that came to nothing in between was found more than once. */
  function withoutZeros(): number {
    let kept = 0
    for (let at = 0; at < size; at++) if (sums[at] !== 0) found[kept++] = at
    return kept
  }
}

type Placed = Row & { places: Int32Array }

/** High halves as places in a row: numbers of mixed radices, which can be added as well. */
function placed(sets: Sets, radices: readonly number[]): Placed[] {
  return sets.map((row) => ({
    ...row,
    places: row.highs.map((high) => {
      let at = 0
      for (let place = lowRanks - 1; place >= 0; place--) at = at * radices[place]! + countAt(high, place)
      return at
    }),
  }))
}

function pairsByLow(one: Sets, other: Sets): Map<number, number[]> {
  const pairs = new Map<number, number[]>()
  one.forEach((a, i) => {
    other.forEach((b, j) => {
      const low = a.low + b.low
      const before = pairs.get(low)
      if (before) before.push(i * other.length + j)
      else pairs.set(low, [i * other.length + j])
    })
  })
  return pairs
}

function mostAt(sets: Sets, place: number): number {
  let most = 0
  for (const { highs } of sets) for (const high of highs) most = Math.max(most, countAt(high, place))
  return most
}

function largestOf(sets: Sets): number {
  let largest = 0
  for (const { counts } of sets) for (const count of counts) largest = Math.max(largest, Math.abs(count))
  return largest
}

function sumOf(sets: Sets): number {
  let sum = 0
  for (const { counts } of sets) for (const count of counts) sum += Math.abs(count)
  return sum
}
