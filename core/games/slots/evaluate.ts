import { acceptedBy, type SlotSheet, symbolsOf } from './sheet.ts'

/** Per reel, from the top. */
export type Window = readonly (readonly string[])[]

/** `times` is in parts of the stake. */
export type LineWin = { line: number; symbol: string; count: number; times: number }

/** `ways` is in how many ways it stands there; `times`, in parts of the stake, counts all of them. */
export type WayWin = { symbol: string; count: number; ways: number; times: number }

/** What a window pays on lines or ways, in parts of the stake, and which positions have a share in it, as `[reel, row]`. */
export type Evaluation = {
  lineWins: LineWin[]
  wayWins: WayWin[]
  times: number
  winners: ReadonlyArray<readonly [reel: number, row: number]>
}

/** The reference: every other way to compute a window is held against this one. */
export function evaluator(sheet: SlotSheet): (window: Window) => Evaluation {
  const accepted = acceptedBy(sheet)
  const payOf = lineEvaluator(sheet)
  return (window) => {
    const lineWins = (sheet.lines ?? []).flatMap((line, index) => {
      const win = payOf(line.map((row, reel) => window[reel]?.[row] as string))
      return win ? [{ line: index, ...win }] : []
    })
    const wayWins = sheet.ways ? waysOf(sheet, window, accepted) : []
    return {
      lineWins,
      wayWins,
      times: [...lineWins, ...wayWins].reduce((sum, win) => sum + win.times, 0),
      winners: [
        ...lineWins.flatMap(({ line, count }) =>
          (sheet.lines?.[line] ?? []).slice(0, count).map((row, reel) => [reel, row] as const),
        ),
        ...wayWins.flatMap(({ symbol, count }) =>
          window
            .slice(0, count)
            .flatMap((column, reel) =>
              column.flatMap((shown, row) => (accepted.get(symbol)?.has(shown) ? [[reel, row] as const] : [])),
            ),
        ),
      ],
    }
  }
}

/** The best win of one line from the left: for each symbol, as many as it or a wild for it stand there. A wild may pay by itself. */
export function lineEvaluator(sheet: SlotSheet): (symbols: readonly string[]) => Omit<LineWin, 'line'> | undefined {
  const accepted = [...acceptedBy(sheet)]
  const beginning = new Map(
    symbolsOf(sheet).map((first) => [first, accepted.filter(([, accepts]) => accepts.has(first))]),
  )
  return (symbols) => {
    let best: Omit<LineWin, 'line'> | undefined
    for (const [symbol, accepts] of beginning.get(symbols[0] as string) ?? []) {
      const end = symbols.findIndex((shown) => !accepts.has(shown))
      const count = end === -1 ? symbols.length : end
      const times = sheet.pays[symbol]?.[count] ?? 0
      if (times > (best?.times ?? 0)) best = { symbol, count, times }
    }
    return best
  }
}

function waysOf(sheet: SlotSheet, window: Window, accepted: ReturnType<typeof acceptedBy>): WayWin[] {
  return [...accepted].flatMap(([symbol, accepts]) => {
    let ways = 1
    let count = 0
    for (const column of window) {
      const here = column.filter((shown) => accepts.has(shown)).length
      if (here === 0) break
      ways *= here
      count++
    }
    const pay = sheet.pays[symbol]?.[count] ?? 0
    return pay > 0 ? [{ symbol, count, ways, times: pay * ways }] : []
  })
}

/** How many of a symbol are in view. */
export function countIn(window: Window, symbol: string | undefined): number {
  return symbol === undefined ? 0 : window.flat().filter((shown) => shown === symbol).length
}

/** On how many lines a symbol stands on each of the first reels. */
export function linesWith(sheet: SlotSheet, window: Window, symbol: string, from: number): number {
  return (sheet.lines ?? []).filter((line) => line.slice(0, from).every((row, reel) => window[reel]?.[row] === symbol))
    .length
}
