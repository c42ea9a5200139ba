/**
 * A slot as data. Whoever writes one needs this page, the worked example of the README, and `checkSheet`, which says what is wrong with it.
 *
 * A stake has as many parts as there are lines, or as `ways` says; `pays` are times one part, everything else is times the stake. All numbers
 * are whole.
 */
export type SlotSheet = Reels &
  Wins & {
    /** How many symbols of a reel are in view. */
    rows: number
    /** By symbol and by how many stand side by side from the leftmost reel on. On a line only the highest win counts. */
    pays: Record<string, Record<number, number>>
    /** Stands for every symbol that has pays; several wilds are told with those they stand for. Never for scatters. */
    wild?: string | Record<string, string[]>
    /** Pays by how many are in view, wherever they stand. */
    scatter?: string
    scatterPays?: Record<number, number>
    freeSpins?: FreeSpinsSheet
    cascade?: CascadeSheet
    hold?: HoldSheet
    pick?: PickSheet
    gamble?: GambleSheet
  }

type Reels =
  /** Each reel from the top, closed to a ring; one stop is drawn for each. */
  | { strips: string[][]; weights?: never }
  /** Each position in view is drawn on its own, by the weights of its reel. */
  | { weights: Weighted<string>[][]; strips?: never }

type Wins =
  /** One row per reel, counted from 0 at the top. */
  | { lines: number[][]; ways?: never }
  /** Every way from the left: a win counts once for each choice of one position per reel. `parts` is how many parts a stake has. */
  | { ways: { parts: number }; lines?: never }

/** A value and its weight among the others. */
export type Weighted<Value> = readonly [value: Value, weight: number]

/** `from` scatters or more bring `count` spins at `multiplier` times the pay, and so again in a free spin, up to `totalMax` in all. */
export type FreeSpinsSheet = { from: number; count: number; multiplier: number; totalMax?: number }

/**
 * What won vanishes, what stands above falls, and the strip goes on from above; the nth win in a row counts `ladder[n]` times, the last
 * entry for all that follow. Scatters are counted when nothing wins any more.
 */
type CascadeSheet = { ladder: number[] }

/**
 * `from` symbols or more in view stay, each with a value drawn; all other positions are drawn again, with a `blank` among the values, until
 * `respins` draws in a row brought nothing. Pays the sum of the values, and `full` besides when every position holds one. Paid spins only.
 */
export type HoldSheet = {
  symbol: string
  from: number
  respins: number
  values: Weighted<number>[]
  blank: number
  full: number
}

/** Prizes under closed boxes, or drawn. `onLine`: on the first `from` reels of a line, once for each line; else anywhere. Paid spins only. */
export type PickSheet = { symbol: string; from: number; onLine?: true } & (
  | {
      /** The player opens one after the other until one is empty (0). */
      boxes: number[]
    }
  | {
      /** So many prizes are drawn, each anew. */
      count: Weighted<number>[]
      prizes: Weighted<number>[]
    }
)

/**
 * What a round won is staked again on the colour of a card for twice, or on its suit for four times as much, if the player likes: the return is
 * exactly 100 % [GLI-4.8.5d]. At most `stepsMax` times, and never for more than `timesMax` stakes.
 */
export type GambleSheet = { stepsMax: number; timesMax: number }

/** A strip as words, from the top. */
export function stripOf(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** How many parts a stake has. */
export function partsOf(sheet: SlotSheet): number {
  return sheet.lines ? sheet.lines.length : sheet.ways.parts
}

/** How many reels. */
export function reelsOf(sheet: SlotSheet): number {
  return (sheet.strips ?? sheet.weights).length
}

/** What counts as each paying symbol: itself and the wilds that stand for it. */
export function acceptedBy({ pays, wild }: Pick<SlotSheet, 'pays' | 'wild'>): Map<string, ReadonlySet<string>> {
  const wilds = typeof wild === 'string' ? { [wild]: Object.keys(pays) } : (wild ?? {})
  return new Map(
    Object.keys(pays).map((symbol) => [
      symbol,
      new Set([symbol, ...Object.keys(wilds).filter((each) => wilds[each]?.includes(symbol))]),
    ]),
  )
}

/** The symbols that reels can show, in the order of their first appearance. */
export function symbolsOf(sheet: SlotSheet): string[] {
  const shown = sheet.strips ? sheet.strips.flat() : sheet.weights.flat().map(([symbol]) => symbol)
  return [...new Set(shown)]
}
