import type { Column } from './columns.ts'
import { countsIn, keyOf } from './counts.ts'
import type { Columns, Tables } from './engine.ts'
import { lineEvaluator } from './evaluate.ts'
import { everyChoice } from './odometer.ts'
import { type SlotSheet, symbolsOf } from './sheet.ts'

/** So many choices for the first reels are worth a table: it stays in a processor's cache. */
const headsMax = 1 << 18

/**
 * Lines without cascades. The reels are two groups, head and tail, each with a table over the choices of its columns. The head's tells what those
 * lines pay that the tail cannot change any more, which are nearly all, and lists the rest: only these are looked up, by one index each.
 */
export function lineTables(sheet: SlotSheet, columns: readonly Column[][]): Tables {
  const lineCount = (sheet.lines as number[][]).length
  const sizes = columns.map((reel) => reel.length)
  const reels = sizes.length
  const headReels = headOf(sizes, sheet.pick?.onLine ? sheet.pick.from : 1)
  const head = openGroup(sheet, columns, 0, headReels)
  const tail = openGroup(sheet, columns, headReels, reels)
  const { pays, open } = payTable(sheet, reels, headReels)

  // Of each head side by side: what is settled, the key, and where its open lines begin and end.
  const heads = new Int32Array(head.size * 4)
  const openLines: number[] = [] // where the line stands in the tail's table, and its index so far, side by side
  for (let at = 0; at < head.size; at++) {
    const begin = openLines.length
    let settled = 0
    for (let line = 0; line < lineCount; line++) {
      const index = head.indexes[at * lineCount + line]!
      if (open[index]) openLines.push(line, index)
      else settled += pays[index]!
    }
    heads.set(
      [settled, head.keys[at]! + linePicks(sheet, head.indexes, at * lineCount), begin, openLines.length],
      at * 4,
    )
  }
  const listed = Int32Array.from(openLines)
  const [added, tailKeys] = [tail.indexes, tail.keys]

  let key = 0
  return { times: headReels === 3 && reels === 5 ? timesOfFive : timesOfAny, key: () => key }

  function timesOfAny(chosen: Columns, at: number): number {
    let head = 0
    let tail = 0
    for (let r = 0; r < headReels; r++) head = head * sizes[r]! + chosen[at + r]!
    for (let r = headReels; r < reels; r++) tail = tail * sizes[r]! + chosen[at + r]!
    return lookUp(head, tail)
  }

  /** The same for the usual machine, its loops written out. */
  function timesOfFive(chosen: Columns, at: number): number {
    return lookUp(
      (chosen[at]! * sizes[1]! + chosen[at + 1]!) * sizes[2]! + chosen[at + 2]!,
      chosen[at + 3]! * sizes[4]! + chosen[at + 4]!,
    )
  }

  function lookUp(head: number, tail: number): number {
    const at = head * 4
    key = heads[at + 1]! + tailKeys[tail]!
    let sum = heads[at]!
    const end = heads[at + 3]!
    for (let next = heads[at + 2]!; next < end; next += 2)
      sum += pays[listed[next + 1]! + added[tail * lineCount + listed[next]!]!]!
    return sum
  }
}

/** As many reels as make a table of fair size, but `least` in any case. */
function headOf(sizes: readonly number[], least: number): number {
  let reels = 1
  let heads = sizes[0] as number
  while (reels < sizes.length - 1 && (reels < least || heads * (sizes[reels] as number) <= headsMax))
    heads *= sizes[reels++] as number
  return reels
}

/**
 * Some reels as one: for every choice of their columns the index of each line, which is its symbols as the digits of a number, the first reel
 * last; and the key of what is counted wherever it stands.
 */
function openGroup(sheet: SlotSheet, columns: readonly Column[][], from: number, to: number) {
  const lines = sheet.lines as number[][]
  const symbols = symbolsOf(sheet)
  const sizes = columns.slice(from, to).map((reel) => reel.length)
  const size = sizes.reduce((product, each) => product * each, 1)
  const indexes = new Int32Array(size * lines.length)
  const keys = new Int32Array(size)
  const anywhere = sheet.pick?.onLine ? ({ ...sheet, pick: undefined } as SlotSheet) : sheet
  // Per reel, by column: the symbols on all lines, and the key.
  const parts = columns.slice(from, to).map((reel, r) =>
    reel.map(({ symbols: shown }) => ({
      indexes: lines.map(
        (line) => symbols.indexOf(shown[line[from + r] as number] as string) * symbols.length ** (from + r),
      ),
      key: keyOf(countsIn(anywhere, [shown])),
    })),
  )
  let filling = 0
  everyChoice(sizes, (chosen) => {
    for (let r = 0; r < chosen.length; r++) {
      const part = parts[r]![chosen[r]!]!
      keys[filling]! += part.key
      for (let line = 0; line < lines.length; line++) indexes[filling * lines.length + line]! += part.indexes[line]!
    }
    filling++
  })
  return { size, indexes, keys }
}

/** The key of as many picks as lines bring, whose indexes stand from `at` on. */
function linePicks({ pick, ...sheet }: SlotSheet, indexes: Int32Array, at: number): number {
  if (!pick?.onLine) return 0
  const symbols = symbolsOf(sheet as SlotSheet)
  const digits = symbols.length ** pick.from
  const wanted = (symbols.indexOf(pick.symbol) * (digits - 1)) / (symbols.length - 1) // the same digit `from` times
  const lines = indexes.subarray(at, at + (sheet.lines as number[][]).length)
  return keyOf({ scatters: 0, held: 0, picks: lines.filter((index) => index % digits === wanted).length })
}

/** What a line pays, by its symbols; and of the symbols on the reels of the head, whether the others can change that. */
function payTable(sheet: SlotSheet, reels: number, headReels: number) {
  const symbols = symbolsOf(sheet)
  const payOf = lineEvaluator(sheet)
  const pays = new Int32Array(symbols.length ** reels)
  const open = new Uint8Array(symbols.length ** headReels)
  everyChoice(Array<number>(reels).fill(symbols.length), (chosen) => {
    const index = chosen.reduce((sum, symbol, r) => sum + symbol * symbols.length ** r, 0)
    const head = index % open.length
    pays[index] = payOf(Array.from(chosen, (symbol) => symbols[symbol] as string))?.times ?? 0
    // With the first symbol on all other reels, which is 0, the index is the one of the head, and it came before.
    if (pays[index] !== pays[head]) open[head] = 1
  })
  return { pays, open }
}
