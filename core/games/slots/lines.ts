import { symbolCounts } from './columns.ts'
import { lineEvaluator } from './evaluate.ts'
import { everyChoice } from './odometer.ts'
import type { SlotSheet } from './sheet.ts'

/** Of one line over the whole cycle: how often it pays, how much in all, how often each pay comes; and how often it brings the pick. */
export type LineAnalysis = { cycle: bigint; hits: bigint; times: bigint; picks: bigint; histogram: Map<number, bigint> }

/**
 * All lines share one distribution, because each shows one symbol per reel; so one is enumerated over symbols, weighted by how often they
 * stand on each reel: at most (symbols)^reels products instead of every stop.
 */
export function analyseLine(sheet: SlotSheet): LineAnalysis {
  const reels = symbolCounts(sheet).map((counts) => [...counts])
  const payOf = lineEvaluator(sheet)
  const histogram = new Map<number, bigint>()
  let picks = 0n
  everyChoice(
    reels.map((reel) => reel.length),
    (chosen) => {
      const shown = reels.map((reel, r) => reel[chosen[r]!]!)
      const weight = shown.reduce((product, [, count]) => product * BigInt(count), 1n)
      const symbols = shown.map(([symbol]) => symbol)
      const times = payOf(symbols)?.times ?? 0
      if (times > 0) histogram.set(times, (histogram.get(times) ?? 0n) + weight)
      const { pick } = sheet
      if (pick?.onLine && symbols.slice(0, pick.from).every((symbol) => symbol === pick.symbol)) picks += weight
    },
  )
  return {
    cycle: reels.reduce((product, reel) => product * BigInt(reel.reduce((sum, [, count]) => sum + count, 0)), 1n),
    hits: [...histogram.values()].reduce((sum, count) => sum + count, 0n),
    times: [...histogram].reduce((sum, [times, count]) => sum + BigInt(times) * count, 0n),
    picks,
    histogram,
  }
}
