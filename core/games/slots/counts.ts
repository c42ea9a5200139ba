import { countIn, linesWith, type Window } from './evaluate.ts'
import type { SlotSheet } from './sheet.ts'

/**
 * What a window holds that can bring more than its lines or ways: scatters, symbols to hold, and symbols of the pick, or lines that show them
 * where lines bring it.
 */
export type Counts = { scatters: number; held: number; picks: number }

const bits = 4
const most = (1 << bits) - 1 // of one kind; a sheet with more positions than that is refused

export const keys = 1 << (3 * bits)

export function keyOf({ scatters, held, picks }: Counts): number {
  return scatters | (held << bits) | (picks << (2 * bits))
}

export function countsOf(key: number): Counts {
  return { scatters: key & most, held: (key >> bits) & most, picks: (key >> (2 * bits)) & most }
}

/** The part of a key that simulations look at after each spin. */
export function scattersOf(key: number): number {
  return key & most
}

export function countsIn(sheet: SlotSheet, window: Window): Counts {
  const { hold, pick } = sheet
  return {
    scatters: countIn(window, sheet.scatter),
    held: countIn(window, hold?.symbol),
    picks: pick?.onLine ? linesWith(sheet, window, pick.symbol, pick.from) : countIn(window, pick?.symbol),
  }
}

/** How often the pick is played. */
export function picksOf({ pick }: SlotSheet, { picks }: Counts): number {
  if (!pick) return 0
  return pick.onLine ? picks : Number(picks >= pick.from)
}
