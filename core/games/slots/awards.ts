import { add, type Fraction, fraction, multiply } from '../fraction.ts'
import { symbolCounts } from './columns.ts'
import type { Cycle } from './cycle.ts'
import { heldAtEnd } from './hold.ts'
import type { Par } from './par.ts'
import { bestPick } from './pick.ts'
import { acceptedBy, partsOf, reelsOf, type SlotSheet } from './sheet.ts'

/** An award that the paytable promises, at its highest, in stakes, and the chance that a paid spin gives it. */
export type Award = { of: 'line' | 'spin' | 'hold' | 'pick'; times: Fraction; chance: Fraction }

/**
 * What a slot advertises at most, each with its odds, so that they can be told where they are longer than 1 in 100,000,000 [GLI-4.7.3], and are told
 * anyway. Of a line the chance is that of one given line; of a pick, of the player who goes on to the end.
 */
export function awardsOf(sheet: SlotSheet, cycle: Cycle, { top, chances }: Par): Award[] {
  const perStake = fraction(1, partsOf(sheet))
  const awards: Award[] = [{ of: 'spin', times: multiply(fraction(top.times), perStake), chance: top.chance }]
  if (sheet.lines) awards.unshift(bestLine(sheet))
  if (sheet.hold) awards.push(fullHold(sheet, sheet.hold, cycle))
  if (sheet.pick && !sheet.pick.onLine) {
    const { times, chance } = bestPick(sheet.pick)
    awards.push({ of: 'pick', times: fraction(times), chance: multiply(chances.pick, chance) })
  }
  return awards
}

/** Nothing pays more than the highest, so every line that counts as it pays it. */
function bestLine(sheet: SlotSheet): Award {
  const reels = reelsOf(sheet)
  const [symbol, times] = Object.entries(sheet.pays)
    .map(([each, pays]) => [each, pays[reels] ?? 0] as const)
    .reduce((best, each) => (each[1] > best[1] ? each : best))
  const accepts = acceptedBy(sheet).get(symbol)
  const chance = symbolCounts(sheet)
    .map((counts) => {
      const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
      const fitting = [...counts].reduce((sum, [shown, count]) => sum + (accepts?.has(shown) ? count : 0), 0)
      return fraction(fitting, all)
    })
    .reduce(multiply)
  return { of: 'line', times: fraction(times, partsOf(sheet)), chance }
}

/** Every position held, each at least at the lowest value; told is what a full screen adds, with these. */
function fullHold(sheet: SlotSheet, hold: NonNullable<SlotSheet['hold']>, cycle: Cycle): Award {
  const positions = reelsOf(sheet) * sheet.rows
  const spins = cycle.reduce((sum, each) => sum + each.spins, 0n)
  const chance = cycle
    .filter(({ held }) => held >= hold.from)
    .map(({ held, spins: some }) =>
      multiply(fraction(some, spins), heldAtEnd(hold, positions, held)[positions] as Fraction),
    )
    .reduce(add, fraction(0))
  return { of: 'hold', times: fraction(hold.full), chance }
}
