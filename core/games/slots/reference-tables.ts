import type { Column } from './columns.ts'
import { countsIn, keyOf } from './counts.ts'
import type { Tables } from './engine.ts'
import type { SlotSheet } from './sheet.ts'
import { openSpinner } from './spin.ts'

/** No tables: the reference itself, for what no tables are made for yet. Right, and slow. */
export function referenceTables(sheet: SlotSheet, columns: readonly Column[][]): Tables {
  const spinner = openSpinner(sheet)
  let last = 0
  return {
    times(chosen, at) {
      const stops = columns.map((_, reel) => chosen[at + reel] as number)
      const { boards } = sheet.strips
        ? spinner.at(stops)
        : spinner.of(columns.map((reel, index) => (reel[stops[index] as number] as Column).symbols))
      last = keyOf(countsIn(sheet, boards.at(-1)?.window ?? []))
      return boards.reduce((sum, { evaluation, multiplier }) => sum + evaluation.times * multiplier, 0)
    },
    key: () => last,
  }
}
