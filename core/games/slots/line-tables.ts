import type { Column } from './columns.ts'
import { countsIn, keyOf } from './counts.ts'
import type { Tables } from './engine.ts'
import { lineEvaluator } from './evaluate.ts'
import { everyChoice } from './odometer.ts'
import { type SlotSheet, symbolsOf } from './sheet.ts'

/** A symbol is four bits, so five reels of a line are an index of twenty. */
const bits = 4
/** So many choices for the first reels are worth a table: it stays in a processor's cache. */
const headsMax = 1 << 18

/**
 * Lines without cascades. A table over the first reels, the head, tells for every choice of their columns what those lines pay that the
 * other reels cannot change any more, which are nearly all, and lists the rest: only these are looked up, by one index each.
 */
export function lineTables(sheet: SlotSheet, columns: readonly Column[][]): Tables {
  const lines = sheet.lines as number[][]
  const lineCount = lines.length
  const symbols = symbolsOf(sheet)
  const sizes = columns.map((reel) => reel.length)
  const reels = sizes.length
  const headReels = headOf(sizes, sheet.pick?.onLine ? sheet.pick.from : 1)
  const headBits = bits * headReels
  const headMask = (1 << headBits) - 1

  const { pays, open } = payTable(sheet, symbols, reels, headReels)
  // By reel, column and line, the symbol there, shifted to its place in the index; and where each reel begins.
  const begins = sizes.map((_, r) => sizes.slice(0, r).reduce((sum, size) => sum + size * lineCount, 0))
  const shifted = Int32Array.from(
    columns.flatMap((reel, r) =>
      reel.flatMap(({ symbols: shown }) =>
        lines.map((line) => symbols.indexOf(shown[line[r] as number] as string) << (bits * r)),
      ),
    ),
  )
  // What lines bring is counted with the head; everything else wherever it stands.
  const { pick } = sheet
  const onLine = pick?.onLine ? pick : undefined
  const anywhere = onLine ? { ...sheet, pick: undefined } : sheet
  const counted = columns.map((reel) =>
    Int32Array.from(reel, ({ symbols: shown }) => keyOf(countsIn(anywhere as SlotSheet, [shown]))),
  )
  const pickId = symbols.indexOf(pick?.symbol ?? '')
  const picked = Array.from({ length: onLine?.from ?? 0 }, (_, r) => pickId << (bits * r)).reduce((a, b) => a | b, 0)
  const pickMask = (1 << (bits * (onLine?.from ?? 0))) - 1
  const onePick = keyOf({ scatters: 0, held: 0, picks: 1 })

  const headSizes = sizes.slice(0, headReels)
  const heads = headSizes.reduce((product, size) => product * size, 1)
  const settled = new Int32Array(heads)
  const headKeys = new Int32Array(heads)
  const firstOpen = new Int32Array(heads + 1)
  const openLines: number[] = [] // the index so far, and the line above it
  let filling = 0
  everyChoice(headSizes, (chosen) => {
    for (let line = 0; line < lineCount; line++) {
      let index = 0
      for (let r = 0; r < headReels; r++) index |= shifted[begins[r]! + chosen[r]! * lineCount + line]!
      if (onLine && (index & pickMask) === picked) headKeys[filling]! += onePick
      if (open[index]) openLines.push(index | (line << headBits))
      else settled[filling]! += pays[index]!
    }
    for (let r = 0; r < headReels; r++) headKeys[filling]! += counted[r]![chosen[r]!]!
    firstOpen[++filling] = openLines.length
  })
  const listed = Int32Array.from(openLines)

  // The other reels as one: by the choice of their columns and line what they add to the index.
  const tailSizes = sizes.slice(headReels)
  const tails = tailSizes.reduce((product, size) => product * size, 1)
  const added = new Int32Array(tails * lineCount)
  const tailKeys = new Int32Array(tails)
  filling = 0
  everyChoice(tailSizes, (chosen) => {
    for (let r = headReels; r < reels; r++) {
      const column = chosen[r - headReels]!
      tailKeys[filling]! += counted[r]![column]!
      for (let line = 0; line < lineCount; line++)
        added[filling * lineCount + line]! |= shifted[begins[r]! + column * lineCount + line]!
    }
    filling++
  })

  let key = 0
  return {
    times(chosen, at) {
      let head = 0
      let tail = 0
      for (let r = 0; r < headReels; r++) head = head * sizes[r]! + chosen[at + r]!
      for (let r = headReels; r < reels; r++) tail = tail * sizes[r]! + chosen[at + r]!
      key = headKeys[head]! + tailKeys[tail]!
      let sum = settled[head]!
      const end = firstOpen[head + 1]!
      for (let next = firstOpen[head]!; next < end; next++) {
        const open = listed[next]!
        sum += pays[(open & headMask) | added[tail * lineCount + (open >>> headBits)]!]!
      }
      return sum
    },
    key: () => key,
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

/** What a line pays, by its symbols; and of the symbols on the reels of the head, whether the others can change that. */
function payTable(sheet: SlotSheet, symbols: readonly string[], reels: number, headReels: number) {
  const payOf = lineEvaluator(sheet)
  const pays = new Int32Array(1 << (bits * reels))
  const open = new Uint8Array(1 << (bits * headReels))
  const headMask = open.length - 1
  everyChoice(Array(reels).fill(symbols.length), (chosen) => {
    const index = chosen.reduce((packed, symbol, r) => packed | (symbol << (bits * r)), 0)
    pays[index] = payOf(Array.from(chosen, (symbol) => symbols[symbol] as string))?.times ?? 0
    // With the first symbol on all other reels, which is 0, the index is the one of the head.
    if (pays[index] !== pays[index & headMask]) open[index & headMask] = 1
  })
  return { pays, open }
}
