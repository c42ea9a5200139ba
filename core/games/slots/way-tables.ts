import type { Column } from './columns.ts'
import { countsIn, keyOf } from './counts.ts'
import type { Tables } from './engine.ts'
import { acceptedBy, type SlotSheet, symbolsOf } from './sheet.ts'
import { boardsMax } from './spin.ts'

/**
 * Ways, with cascades or without. Each symbol is a set of bits, one for each paying symbol that it counts as; a way can win only where the
 * sets of the first columns have a bit in common, and most windows end with that look.
 */
export function wayTables(sheet: SlotSheet, columns: readonly Column[][]): Tables {
  const symbols = symbolsOf(sheet)
  const { rows } = sheet
  const reels = columns.length
  const accepted = [...acceptedBy(sheet)]
  const paying = accepted.map(([symbol]) => symbol)
  const setOf = symbols.map((shown) =>
    accepted.reduce((set, [, accepts], bit) => (accepts.has(shown) ? set | (1 << bit) : set), 0),
  )
  const keyOfSymbol = symbols.map((shown) => keyOf(countsIn(sheet, [[shown]])))
  const pays = Int32Array.from(
    paying.flatMap((symbol) => Array.from({ length: reels + 1 }, (_, count) => sheet.pays[symbol]?.[count] ?? 0)),
  )
  const leastReels = Math.min(...paying.flatMap((symbol) => Object.keys(sheet.pays[symbol] ?? {}).map(Number)))
  const idOf = (symbol: string) => symbols.indexOf(symbol)
  const strips = (sheet.strips ?? []).map((strip) => Uint8Array.from(strip, idOf))
  const shown = columns.map((reel) => Uint8Array.from(reel.flatMap(({ symbols: column }) => column.map(idOf))))
  const sets = columns.map((reel) =>
    Int32Array.from(reel, ({ symbols: column }) => column.reduce((set, symbol) => set | setOf[idOf(symbol)]!, 0)),
  )
  const counted = columns.map((reel) =>
    Int32Array.from(reel, ({ symbols: column }) => keyOf(countsIn(sheet, [column]))),
  )
  const ladder = sheet.cascade?.ladder

  const cells = new Uint8Array(reels * rows)
  const next = new Int32Array(reels)
  let key = 0
  return {
    times(chosen, at) {
      let common = -1
      key = 0
      for (let r = 0; r < leastReels; r++) common &= sets[r]![chosen[at + r]!]!
      if (common === 0) {
        for (let r = 0; r < reels; r++) key += counted[r]![chosen[at + r]!]!
        return 0
      }
      for (let r = 0; r < reels; r++) {
        next[r] = chosen[at + r]!
        cells.set(shown[r]!.subarray(next[r]! * rows, (next[r]! + 1) * rows), r * rows)
      }
      return fall()
    },
    key: () => key,
  }

  /** Evaluates `cells` and, with cascades, lets them fall until nothing wins. */
  function fall(): number {
    let sum = 0
    for (let rung = 0; ; rung++) {
      const { times, gone } = evaluateCells()
      sum += times * (ladder?.[Math.min(rung, ladder.length - 1)] ?? 1)
      if (times === 0 || !ladder) break
      if (rung > boardsMax) throw new RangeError('these strips cascade without end')
      for (let r = 0; r < reels; r++) {
        let to = (r + 1) * rows - 1
        for (let from = to; from >= r * rows; from--) if (!((gone >> from) & 1)) cells[to--] = cells[from]!
        const strip = strips[r]!
        for (; to >= r * rows; to--) {
          next[r] = next[r] === 0 ? strip.length - 1 : next[r]! - 1
          cells[to] = strip[next[r]!]!
        }
      }
    }
    key = 0
    for (const cell of cells) key += keyOfSymbol[cell]!
    return sum
  }

  /** What the cells pay, and as a set of bits which of them have a share in it. */
  function evaluateCells(): { times: number; gone: number } {
    let times = 0
    let gone = 0
    for (let bit = 0; bit < paying.length; bit++) {
      let ways = 1
      let share = 0
      let count = 0
      for (; count < reels; count++) {
        let here = 0
        for (let cell = count * rows; cell < (count + 1) * rows; cell++)
          if ((setOf[cells[cell]!]! >> bit) & 1) {
            here++
            share |= 1 << cell
          }
        if (here === 0) break
        ways *= here
      }
      const pay = pays[bit * (reels + 1) + count]!
      if (pay === 0) continue
      times += pay * ways
      gone |= share
    }
    return { times, gone }
  }
}
