import { add, type Fraction, fraction, multiply } from '../fraction.ts'
import { picksOf } from './counts.ts'
import { type Cycle, larger, type SpinClass } from './cycle.ts'
import { freeMoments, type SpinSums } from './free.ts'
import { holdMoments } from './hold.ts'
import { both, type Moments, nothing, repeated, scaled, varianceOf } from './moments.ts'
import { pickMoments } from './pick.ts'
import { partsOf, reelsOf, type SlotSheet } from './sheet.ts'

/**
 * The probability and accounting report of a slot: what its sheet implies, exactly. Shares are of the stake, chances of a paid spin. A
 * gamble returns all of what is gambled, so it has no part in it.
 */
export type Par = {
  rtp: Fraction
  /** Of what one paid spin and all it brings return, in stakes squared. */
  variance: Fraction
  /** That it pays anything or brings a feature. */
  hitChance: Fraction
  /** Where the return comes from. */
  shares: { wins: Fraction; scatters: Fraction; freeSpins: Fraction; hold: Fraction; pick: Fraction }
  chances: { freeSpins: Fraction; hold: Fraction; pick: Fraction }
  freeSpinsPerFeature: Fraction
  /** The most that one spin pays by itself, in parts of the stake, and its chance. */
  top: { times: bigint; chance: Fraction }
}

export function par(sheet: SlotSheet, cycle: Cycle): Par {
  const all = cycle.reduce((sum, { spins }) => sum + spins, 0n)
  const perStake = fraction(1, partsOf(sheet))
  const classes = cycle.map((each) => withScatters(sheet, each))
  const free = sheet.freeSpins && freeMoments(sheet.freeSpins, sumsOf(sheet, classes, all))
  const features = classes.map((each) => ({
    ...each,
    chance: fraction(each.spins, all),
    freeSpins: free && bringsFree(sheet, each) ? scaled(free, perStake) : nothing,
    hold: holdOf(sheet, each),
    pick: sheet.pick ? repeated(pickMoments(sheet.pick), picksOf(sheet, each)) : nothing,
  }))
  const total = features.map((each) => {
    const brought = [each.freeSpins, each.hold, each.pick].reduce(both)
    const times = multiply(fraction(each.times, all), perStake)
    const squares = multiply(fraction(each.squares, all), multiply(perStake, perStake))
    return {
      mean: add(times, multiply(each.chance, brought.mean)),
      square: add(
        add(squares, multiply(fraction(2), multiply(times, brought.mean))),
        multiply(each.chance, brought.square),
      ),
    }
  })
  const moments = { mean: sumOf(total.map(({ mean }) => mean)), square: sumOf(total.map(({ square }) => square)) }
  type Feature = 'freeSpins' | 'hold' | 'pick'
  const share = (of: Feature) => sumOf(features.map((each) => multiply(each.chance, each[of].mean)))
  const chance = (brings: (of: SpinClass) => boolean) => sumOf(features.filter(brings).map((each) => each.chance))
  const linesAndWays = cycle.reduce((sum, { times }) => sum + times, 0n)
  const everything = classes.reduce((sum, { times }) => sum + times, 0n)
  const most = classes.map((each) => each.most).reduce(larger)
  return {
    rtp: moments.mean,
    variance: varianceOf(moments),
    hitChance: sumOf(classes.map((each) => fraction(bringsAnything(sheet, each) ? each.spins : each.paid, all))),
    shares: {
      wins: multiply(fraction(linesAndWays, all), perStake),
      scatters: multiply(fraction(everything - linesAndWays, all), perStake),
      freeSpins: share('freeSpins'),
      hold: share('hold'),
      pick: share('pick'),
    },
    chances: {
      freeSpins: chance((each) => bringsFree(sheet, each)),
      hold: chance((each) => bringsHold(sheet, each)),
      pick: chance((each) => picksOf(sheet, each) > 0),
    },
    freeSpinsPerFeature: free?.spins ?? fraction(0),
    top: {
      times: most,
      chance: fraction(
        classes.reduce((sum, each) => (each.most === most ? sum + each.mostSpins : sum), 0n),
        all,
      ),
    },
  }
}

/** The same class with what its scatters pay: of each spin the same. */
function withScatters(sheet: SlotSheet, each: SpinClass): SpinClass {
  const pay = BigInt((sheet.scatterPays?.[each.scatters] ?? 0) * partsOf(sheet))
  if (pay === 0n) return each
  return {
    ...each,
    paid: each.spins,
    times: each.times + pay * each.spins,
    squares: each.squares + 2n * pay * each.times + pay * pay * each.spins,
    most: each.most + pay,
    mostSpins: each.most === 0n ? each.spins : each.mostSpins,
  }
}

function sumsOf(sheet: SlotSheet, classes: readonly SpinClass[], cycle: bigint): SpinSums {
  const sum = (of: readonly SpinClass[], what: 'spins' | 'times' | 'squares') =>
    of.reduce((total, each) => total + each[what], 0n)
  const triggering = classes.filter((each) => bringsFree(sheet, each))
  return {
    cycle,
    times: sum(classes, 'times'),
    squares: sum(classes, 'squares'),
    triggerTimes: sum(triggering, 'times'),
    triggers: sum(triggering, 'spins'),
  }
}

function holdOf(sheet: SlotSheet, each: SpinClass): Moments {
  if (!sheet.hold || !bringsHold(sheet, each)) return nothing
  return holdMoments(sheet.hold, reelsOf(sheet) * sheet.rows, each.held)
}

function bringsFree({ freeSpins }: SlotSheet, { scatters }: SpinClass): boolean {
  return freeSpins !== undefined && scatters >= freeSpins.from
}

function bringsHold({ hold }: SlotSheet, { held }: SpinClass): boolean {
  return hold !== undefined && held >= hold.from
}

function bringsAnything(sheet: SlotSheet, each: SpinClass): boolean {
  return bringsFree(sheet, each) || bringsHold(sheet, each) || picksOf(sheet, each) > 0
}

function sumOf(all: readonly Fraction[]): Fraction {
  return all.reduce(add, fraction(0))
}
