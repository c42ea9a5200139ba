import type { LineWin, WayWin, Window } from './evaluate.ts'
import type { GambleStep } from './gamble.ts'
import type { Hold } from './hold.ts'
import { partsOf, type SlotSheet } from './sheet.ts'
import type { Board, Spin } from './spin.ts'

/** What a player is told of a round, and what its page draws. Amounts are minor units as text; `times` of wins are parts of the stake. */
export type SlotOutcome = {
  base: SpinShown
  /** One after the other; wins include the multiplier of free spins. */
  free: SpinShown[]
  freeAwarded: number
  hold?: HoldShown
  pick?: PickShown
  gamble?: GambleShown
}

export type SpinShown = BoardShown & {
  /** What each cascade lets fall into place, and what that wins at which multiplier; the last one wins nothing. */
  falls?: Array<BoardShown & { multiplier: number }>
  scatters: number
  win: string
}

/** Per reel, from the top. Line slots have `lineWins`, the others `wayWins`. */
type BoardShown = { stops?: number[]; window: Window; lineWins?: LineWin[]; wayWins?: WayWin[] }

type HoldShown = Hold & { win: string }

/** `prizes` in the order they were opened or drawn, times the stake; 0 is the empty box that ended it. */
type PickShown = { boxes?: number; opened: Array<{ box?: number; prize: number }>; over: boolean; win: string }

/** `from` is what the round had won; `steps` one card each, with what it stood at then. */
type GambleShown = { from: string; steps: Array<Omit<GambleStep, 'amount'> & { amount: string }> }

export function showSpin(sheet: SlotSheet, spin: Spin, win: bigint): SpinShown {
  const [first, ...falls] = spin.boards as [Board, ...Board[]]
  return {
    ...(spin.stops && { stops: spin.stops }),
    ...showBoard(sheet, first),
    ...(sheet.cascade && {
      falls: falls.map((board) => ({ ...showBoard(sheet, board), multiplier: board.multiplier })),
    }),
    scatters: spin.scatters,
    win: win.toString(),
  }
}

function showBoard(sheet: SlotSheet, { window, evaluation }: Board): BoardShown {
  return sheet.lines ? { window, lineWins: evaluation.lineWins } : { window, wayWins: evaluation.wayWins }
}

/** What a spin wins, at a stake that is a multiple of its parts. */
export function winOf(sheet: SlotSheet, spin: Spin, stake: bigint): bigint {
  return (BigInt(spin.times) * stake) / BigInt(partsOf(sheet))
}
