import type { SlotSheet } from './sheet.ts'

/** What a reel can show, from the top, and how often among all it can show. */
export type Column = { symbols: readonly string[]; weight: number }

/** Per reel every column: one for each stop of a strip in order, or one for each choice of weighted symbols. */
export function columnsOf(sheet: SlotSheet): Column[][] {
  if (sheet.strips)
    return sheet.strips.map((strip) =>
      strip.map((_, stop) => ({
        symbols: Array.from({ length: sheet.rows }, (_, row) => strip[(stop + row) % strip.length] as string),
        weight: 1,
      })),
    )
  return sheet.weights.map((reel) => {
    let columns: Column[] = [{ symbols: [], weight: 1 }]
    for (let row = 0; row < sheet.rows; row++)
      columns = columns.flatMap(({ symbols, weight }) =>
        reel.map(([symbol, each]) => ({ symbols: [...symbols, symbol], weight: weight * each })),
      )
    return columns
  })
}

/**
 * The same, where columns that neither a line nor a count can tell apart are one: a row that no line crosses shows only what counts wherever
 * it stands. A slot of one line has a third of its columns left or fewer.
 */
export function distinctColumns(sheet: SlotSheet): Column[][] {
  if (!sheet.lines || sheet.cascade) return columnsOf(sheet)
  const counted = new Set([sheet.scatter, sheet.hold?.symbol, sheet.pick?.symbol])
  return columnsOf(sheet).map((reel, r) => {
    const crossed = new Set(sheet.lines.map((line) => line[r]))
    const distinct = new Map<string, Column>()
    for (const { symbols, weight } of reel) {
      const seen = symbols.map((symbol, row) => (crossed.has(row) || counted.has(symbol) ? symbol : ''))
      const name = JSON.stringify(seen)
      distinct.set(name, { symbols: seen, weight: weight + (distinct.get(name)?.weight ?? 0) })
    }
    return [...distinct.values()]
  })
}

/** Per reel how often each symbol stands in a given row: that is the same for every row. */
export function symbolCounts(sheet: SlotSheet): Array<Map<string, number>> {
  return (sheet.strips ?? sheet.weights).map((reel) => {
    const counts = new Map<string, number>()
    for (const entry of reel) {
      const [symbol, weight] = typeof entry === 'string' ? [entry, 1] : entry
      counts.set(symbol, (counts.get(symbol) ?? 0) + weight)
    }
    return counts
  })
}
