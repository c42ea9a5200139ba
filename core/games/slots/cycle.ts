import { distinctColumns } from './columns.ts'
import { type Counts, countsOf, keys } from './counts.ts'
import { type Engine, openEngine } from './engine.ts'
import { everyChoice } from './odometer.ts'
import type { SlotSheet } from './sheet.ts'

/**
 * All spins of a sheet that end with the same counts in view, weighted by how often they come: how many there are and how many of them lines or
 * ways pay; the sum of these pays, in parts of the stake, and of their squares; the highest of them and how often it comes.
 */
export type SpinClass = Counts & {
  spins: bigint
  paid: bigint
  times: bigint
  squares: bigint
  most: bigint
  mostSpins: bigint
}

/** Every spin of a sheet, as classes: with them all its moments follow exactly. */
export type Cycle = readonly SpinClass[]

type Row = [number, number, number, bigint, bigint, bigint, bigint, bigint, bigint]

/** A cycle as it is kept beside its sheet: the fields of each class in the order of their type. */
export function readCycle(rows: readonly Row[]): Cycle {
  return rows.map(([scatters, held, picks, spins, paid, times, squares, most, mostSpins]) => ({
    scatters,
    held,
    picks,
    spins,
    paid,
    times,
    squares,
    most,
    mostSpins,
  }))
}

/** Up to here a double counts exactly; every sum below only grows, so it was exact if it ends below. */
const exactMax = Number.MAX_SAFE_INTEGER

/** What is summed for each class, side by side. */
const fields = 6
const [spins, paid, times, squares, most, mostSpins] = [0, 1, 2, 3, 4, 5]

/** Enumerates every column of every reel: a second or two for thirty million. */
export function cycleOf(sheet: SlotSheet): Cycle {
  const engine = openEngine(sheet, distinctColumns(sheet))
  const totals = new Map<number, SpinClass>()
  for (const [first, weight] of (engine.weights[0] ?? []).entries()) {
    const sums = sumsFrom(engine, first)
    const scaled = (sum: number) => {
      if (sum > exactMax) throw new RangeError('the weights of this sheet are too large to be counted exactly')
      return BigInt(sum) * BigInt(weight)
    }
    for (let key = 0; key < keys; key++) {
      const of = sums.subarray(key * fields)
      if (of[spins] === 0) continue
      const here = {
        ...countsOf(key),
        spins: scaled(of[spins]!),
        paid: scaled(of[paid]!),
        times: scaled(of[times]!),
        squares: scaled(of[squares]!),
        most: BigInt(of[most]!),
        mostSpins: scaled(of[mostSpins]!),
      }
      totals.set(key, joined(totals.get(key), here))
    }
  }
  return [...totals].sort(([a], [b]) => a - b).map(([, each]) => each)
}

/** The sums over all spins with one column on the first reel, whose own weight is left out. */
function sumsFrom(engine: Engine, first: number): Float64Array {
  const sums = new Float64Array(keys * fields)
  const last = engine.sizes.length - 1
  const between = engine.sizes.slice(1, last)
  const lastWeights = Float64Array.from(engine.weights[last]!)
  const columns = new Uint32Array(engine.sizes.length)
  columns[0] = first
  everyChoice(between, (chosen) => {
    let outer = 1
    for (let r = 0; r < chosen.length; r++) {
      columns[r + 1] = chosen[r]!
      outer *= engine.weights[r + 1]![chosen[r]!]!
    }
    for (let column = 0; column < lastWeights.length; column++) {
      columns[last] = column
      const weight = outer * lastWeights[column]!
      const pays = engine.times(columns, 0)
      const at = engine.key() * fields
      sums[at + spins]! += weight
      if (pays === 0) continue
      sums[at + paid]! += weight
      sums[at + times]! += pays * weight
      sums[at + squares]! += pays * pays * weight
      if (pays < sums[at + most]!) continue
      if (pays > sums[at + most]!) sums[at + mostSpins] = 0
      sums[at + most] = pays
      sums[at + mostSpins]! += weight
    }
  })
  return sums
}

function joined(a: SpinClass | undefined, b: SpinClass): SpinClass {
  if (!a) return b
  const most = larger(a.most, b.most)
  return {
    ...b,
    spins: a.spins + b.spins,
    paid: a.paid + b.paid,
    times: a.times + b.times,
    squares: a.squares + b.squares,
    most,
    mostSpins: (a.most === most ? a.mostSpins : 0n) + (b.most === most ? b.mostSpins : 0n),
  }
}

export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}
