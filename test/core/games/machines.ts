import type * as games from '#games'
import { anchorOf } from './anchors.ts'

/** Published machines as sheets: data of tests and benchmarks alone, never offered. */
type Machine = {
  wild: string
  pays: Record<string, Record<number, number>>
  scatter: { symbol: string; pays: Record<number, number> }
}

type Lobstermania = Machine & {
  reelLengths: number[]
  symbolCounts: Record<string, number[]>
  bonus: { prizeWeights: Array<[value: number, weight: number]> }
}

type Atkins = Machine & {
  lines: string[]
  strips: string[][]
  freeSpins: { trigger: number; count: number; multiplier: number }
}

/** One line, as its report is. Published are the counts, and that two scatters of a reel are never in view together: one line sees no other order. */
export function lobstermaniaSheet(): games.SlotSheet {
  const { reelLengths, symbolCounts, bonus, ...machine } = anchorOf('slot-lobstermania-96-2').parameters as Lobstermania
  const strips = reelLengths.map((_, reel) => {
    const others = Object.entries(symbolCounts).flatMap(([symbol, counts]) =>
      symbol === machine.scatter.symbol ? [] : Array<string>(counts[reel]!).fill(symbol),
    )
    const half = others.length >> 1
    return [machine.scatter.symbol, ...others.slice(0, half), machine.scatter.symbol, ...others.slice(half)]
  })
  return {
    ...{ rows: 3, strips, lines: [[1, 1, 1, 1, 1]], ...linesOf(machine) },
    pick: {
      ...{ symbol: 'LO', from: 3, onLine: true, prizes: bonus.prizeWeights },
      // 2, 3 or 4 buoys with 2 or 3 prizes each, all alike: of 48 equally likely cases so many come to each number of prizes.
      count: [4, 8, 6, 6, 7, 6, 6, 4, 1].map((weight, index) => [index + 4, weight]),
    },
  }
}

export function atkinsSheet(): games.SlotSheet {
  const { lines, strips, freeSpins, ...machine } = anchorOf('slot-atkins-diet').parameters as Atkins
  const { trigger, count, multiplier } = freeSpins
  return {
    ...{ rows: 3, strips, lines: lines.map((line) => [...line].map(Number)), ...linesOf(machine) },
    freeSpins: { from: trigger, count, multiplier },
  }
}

function linesOf({ wild, pays, scatter }: Machine) {
  return { wild, pays, scatter: scatter.symbol, scatterPays: scatter.pays }
}
