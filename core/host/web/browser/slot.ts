/** A slot as its sheet tells it, and what it shows. Pays of lines and ways are times one part of the stake, all others times the stake. */
export type SlotSheet = {
  rows: number
  strips?: string[][]
  weights?: Array<Array<[symbol: string, weight: number]>>
  lines?: number[][]
  ways?: { parts: number }
  wild?: string | Record<string, string[]>
  scatter?: string
  pays: Record<string, Record<string, number>>
  scatterPays?: Record<string, number>
  freeSpins?: { from: number; count: number; multiplier: number; totalMax?: number }
  cascade?: { ladder: number[] }
  hold?: { symbol: string; from: number; respins: number; values: Array<[value: number, weight: number]>; full: number }
  pick?: { symbol: string; from: number; boxes?: number[] }
  gamble?: { stepsMax: number; timesMax: number }
}

type LineWin = { line: number; symbol: string; count: number; times: number }
type WayWin = { symbol: string; count: number; ways: number; times: number }
export type Board = { window: string[][]; lineWins?: LineWin[]; wayWins?: WayWin[] }
export type Spin = Board & { falls?: Array<Board & { multiplier: number }>; scatters: number; win: string }
export type Held = { reel: number; row: number; value: number }
export type Hold = { begin: Held[]; spins: Held[][]; full: boolean; win: string }
export type Pick = { opened: Array<{ box?: number; prize: number }>; over: boolean; win: string }
export type GambleStep = { on: string; card: { rank: string; suit: string }; won: boolean; amount: string }
export type Gamble = { from: string; steps: GambleStep[] }
export type SlotOutcome = { base: Spin; free: Spin[]; hold?: Hold; pick?: Pick; gamble?: Gamble }
export type Place = readonly [reel: number, row: number]

export function partsOf({ lines, ways }: SlotSheet): bigint {
  return BigInt(lines?.length ?? ways?.parts ?? 1)
}

/** Of each reel the symbols that can be seen on it, in the order in which they pass by. */
export function symbolsOf({ strips, weights }: SlotSheet): string[][] {
  return strips ?? (weights ?? []).map((reel) => reel.map(([symbol]) => symbol))
}

/** In how many ways a symbol can stand side by side on all reels. */
export function waysOf(sheet: SlotSheet): number {
  return sheet.rows ** symbolsOf(sheet).length
}

export function standsFor({ wild, pays }: SlotSheet, shown: string, symbol: string): boolean {
  if (shown === symbol) return true
  return typeof wild === 'string' ? shown === wild && symbol in pays : Boolean(wild?.[shown]?.includes(symbol))
}

/** Where the wins of a board stand that go by ways. */
export function placesOf(sheet: SlotSheet, { window, wayWins = [] }: Board): Place[] {
  return window.flatMap((column, reel) =>
    column.flatMap((shown, row): Place[] =>
      wayWins.some(({ symbol, count }) => reel < count && standsFor(sheet, shown, symbol)) ? [[reel, row]] : [],
    ),
  )
}
