import { columnsOf } from './columns.ts'
import { lineTables } from './line-tables.ts'
import { referenceTables } from './reference-tables.ts'
import type { SlotSheet } from './sheet.ts'
import { wayTables } from './way-tables.ts'

/** One column per reel, side by side from `at` on: the stop of its strip, or where symbols are weighted its number in `columnsOf`. */
export type Columns = ArrayLike<number>

/** What tables tell of a spin that is given by its columns. */
export type Tables = {
  /** What lines or ways pay in this spin, in parts of the stake, with all its cascades. */
  times(columns: Columns, at: number): number
  /** What was in view at the end of the spin for which `times` was last asked; `keyOf` packed it. */
  key(): number
}

/** A sheet in tables of numbers: the same mathematics as the reference, which a property of the tests holds it to, and far faster. */
export type Engine = Tables & {
  /** How many columns each reel has. */
  sizes: readonly number[]
  /** How often each column comes among those of its reel. */
  weights: ReadonlyArray<readonly number[]>
}

export function openEngine(sheet: SlotSheet, columns = columnsOf(sheet)): Engine {
  const whole = sheet.pick?.onLine && sheet.pick.from === columns.length
  const open = sheet.ways ? wayTables : sheet.cascade || whole ? referenceTables : lineTables
  return {
    sizes: columns.map((reel) => reel.length),
    weights: columns.map((reel) => reel.map(({ weight }) => weight)),
    ...open(sheet, columns),
  }
}
