import type { Draws } from '#rng'

/**
 * A video slot as data: reels as strips, lines as one row per reel, pays per symbol by how many stand from the left.
 * Line pays are times the stake of one line, scatter pays times the whole stake.
 */
export type SlotSheet = {
  strips: string[][]
  rows: number
  lines: number[][]
  wild: string
  scatter: string
  pays: Record<string, Record<number, number>>
  scatterPays: Record<number, number>
  freeSpins: { from: number; count: number; multiplier: number; totalMax?: number }
}

export type LineWin = { line: number; symbol: string; count: number; times: number }

export type Spin = {
  stops: number[]
  window: string[][] // per reel, from the top
  lineWins: LineWin[]
  scatters: number
  scatterTimes: number
  /** Sum of line pays, in line stakes. */
  lineTimes: number
}

export type SlotRound = { base: Spin; free: Spin[]; freeAwarded: number }

/** A whole round: the paid spin and all free spins it brings, drawn one after the other. */
export function playSlot(sheet: SlotSheet, draws: Draws): SlotRound {
  const base = spin(sheet, draws, 'reel')
  const free: Spin[] = []
  let awarded = awardedBy(sheet, base, 0)
  while (free.length < awarded) {
    const next = spin(sheet, draws, 'free reel')
    free.push(next)
    awarded += awardedBy(sheet, next, awarded)
  }
  return { base, free, freeAwarded: awarded }
}

function awardedBy(sheet: SlotSheet, { scatters }: Spin, soFar: number): number {
  const { from, count, totalMax } = sheet.freeSpins
  return scatters >= from && soFar + count <= (totalMax ?? Number.POSITIVE_INFINITY) ? count : 0
}

function spin(sheet: SlotSheet, draws: Draws, purpose: string): Spin {
  const stops = sheet.strips.map((strip) => draws(strip.length, purpose))
  return evaluate(sheet, stops)
}

export function evaluate(sheet: SlotSheet, stops: number[]): Spin {
  const window = sheet.strips.map((strip, reel) =>
    Array.from({ length: sheet.rows }, (_, row) => strip[((stops[reel] ?? 0) + row) % strip.length] as string),
  )
  const lineWins = sheet.lines.flatMap((line, index) => {
    const win = lineWin(
      sheet,
      line.map((row, reel) => window[reel]?.[row] as string),
    )
    return win ? [{ line: index, ...win }] : []
  })
  const scatters = window.flat().filter((symbol) => symbol === sheet.scatter).length
  return {
    stops,
    window,
    lineWins,
    scatters,
    scatterTimes: sheet.scatterPays[scatters] ?? 0,
    lineTimes: lineWins.reduce((sum, win) => sum + win.times, 0),
  }
}

/** The best pay of one line from the left: of the first real symbol with wilds in its place, or of the wilds alone. */
export function lineWin(
  sheet: Pick<SlotSheet, 'wild' | 'pays'>,
  symbols: readonly string[],
): Omit<LineWin, 'line'> | undefined {
  const first = symbols.findIndex((symbol) => symbol !== sheet.wild)
  const wilds = first === -1 ? symbols.length : first
  const candidates = [{ symbol: sheet.wild, count: wilds }]
  const real = symbols[first]
  if (real !== undefined) {
    const end = symbols.findIndex((symbol) => symbol !== real && symbol !== sheet.wild)
    candidates.push({ symbol: real, count: end === -1 ? symbols.length : end })
  }
  let best: Omit<LineWin, 'line'> | undefined
  for (const { symbol, count } of candidates) {
    const times = sheet.pays[symbol]?.[count] ?? 0
    if (times > (best?.times ?? 0)) best = { symbol, count, times }
  }
  return best
}
