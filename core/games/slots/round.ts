import type { Draws } from '#rng'
import { choiceInvalid } from '../errors.ts'
import type { Moves, Played } from '../game.ts'
import { fieldsOf } from '../stake.ts'
import { playFree } from './free.ts'
import { type GambleOn, gamble, gamblesOpen, isGambleOn } from './gamble.ts'
import { playHold } from './hold.ts'
import { type SlotOutcome, showSpin, winOf } from './outcome.ts'
import { drawPrizes, fillBoxes, picksIn } from './pick.ts'
import type { SlotSheet } from './sheet.ts'
import { openSpinner } from './spin.ts'

/** `gamble`: the player wants to be asked after a win. */
export type SlotChoice = { stake: bigint; gamble: boolean }

/** A round that waits: for boxes to be opened, or for the player to gamble or not. `boxes` is what nobody is told yet. */
type State = { stake: string; gamble: boolean; won: string; outcome: SlotOutcome; boxes?: number[] }

type Move = { move: 'open'; box: number } | { move: 'gamble'; on: GambleOn } | { move: 'finish' }

/** The mathematics of a whole round: the paid spin, all it brings in this order: free spins, hold and spin, pick, gamble. */
export function openRounds(sheet: SlotSheet): {
  play(choice: SlotChoice, draws: Draws): Played
  moves: Moves<State, Move> | undefined
} {
  const spinner = openSpinner(sheet)
  const waits = (sheet.pick && 'boxes' in sheet.pick) || sheet.gamble
  return {
    play,
    moves: waits ? { read, stakeOf: () => 0n, make, fallback: () => ({ move: 'finish' }), open } : undefined,
  }

  function play({ stake, gamble }: SlotChoice, draws: Draws): Played {
    const base = spinner.spin(draws, 'reel')
    const { window } = base.boards.at(-1) ?? { window: [] }
    const free = playFree(sheet.freeSpins, base, spinner, draws)
    const multiplier = BigInt(sheet.freeSpins?.multiplier ?? 1)
    const baseWin = winOf(sheet, base, stake)
    const freeWins = free.spins.map((spin) => winOf(sheet, spin, stake) * multiplier)
    const outcome: SlotOutcome = {
      base: showSpin(sheet, base, baseWin),
      free: free.spins.map((spin, index) => showSpin(sheet, spin, freeWins[index] as bigint)),
      freeAwarded: free.awarded,
    }
    let won = freeWins.reduce((sum, win) => sum + win, baseWin)

    const hold = sheet.hold && playHold(sheet.hold, window, draws)
    if (hold) {
      const win = BigInt(hold.times) * stake
      outcome.hold = { ...hold, win: win.toString() }
      won += win
    }

    const { pick } = sheet
    const picks = picksIn(sheet, window)
    const state: State = { stake: stake.toString(), gamble, won: won.toString(), outcome }
    if (!pick || picks === 0) return settle(state)
    if ('boxes' in pick) {
      outcome.pick = { boxes: pick.boxes.length, opened: [], over: false, win: '0' }
      return { outcome, win: 0n, state: { ...state, boxes: fillBoxes(pick.boxes, draws) } }
    }
    const prizes = Array.from({ length: picks }, () => drawPrizes(pick, draws)).flat()
    const win = BigInt(prizes.reduce((sum, prize) => sum + prize, 0)) * stake
    outcome.pick = { opened: prizes.map((prize) => ({ prize })), over: true, win: win.toString() }
    return settle({ ...state, won: (won + win).toString() })
  }

  /** Everything is played but the gamble: the round ends here, or waits for the player where there is something to gamble. */
  function settle(state: State): Played {
    const { outcome, won } = state
    if (gamblesOf(state).length === 0) return { outcome, win: BigInt(won) }
    return { outcome: { ...outcome, gamble: outcome.gamble ?? { from: won, steps: [] } }, win: 0n, state }
  }

  function gamblesOf(state: State): GambleOn[] {
    const steps = state.outcome.gamble?.steps.length ?? 0
    if (!sheet.gamble || !state.gamble) return []
    return gamblesOpen(sheet.gamble, { amount: BigInt(state.won), stake: BigInt(state.stake), steps })
  }

  function open(state: State): string[] {
    return [isPicking(state) ? 'open' : 'gamble', 'finish']
  }

  function read(state: State, input: unknown): Move {
    const { move: what, box, on } = fieldsOf(input, ['move', 'box', 'on'])
    if (typeof what !== 'string' || !open(state).includes(what))
      throw choiceInvalid(`Now one can: ${open(state).join(', ')}.`)
    if (what === 'finish') return { move: what }
    if (what === 'open') {
      const closed = closedBoxes(state)
      if (typeof box !== 'number' || !closed.includes(box)) throw choiceInvalid('Choose a box that is still closed.')
      return { move: what, box }
    }
    if (!isGambleOn(on) || !gamblesOf(state).includes(on))
      throw choiceInvalid(`Now one can gamble on: ${gamblesOf(state).join(', ')}.`)
    return { move: 'gamble', on }
  }

  function make(state: State, move: Move, draws: Draws): Played {
    if (move.move === 'open') {
      const next = openBox(state, move.box)
      return isPicking(next) ? { outcome: next.outcome, win: 0n, state: next } : settle(next)
    }
    if (move.move === 'gamble') return settle(gambleOn(state, move.on, draws))
    let last = state
    while (isPicking(last)) last = openBox(last, closedBoxes(last)[0] as number)
    return { outcome: last.outcome, win: BigInt(last.won) }
  }

  function gambleOn(state: State, on: GambleOn, draws: Draws): State {
    const before = state.outcome.gamble ?? { from: state.won, steps: [] }
    const step = gamble(on, BigInt(state.won), draws)
    const amount = step.amount.toString()
    const steps = [...before.steps, { ...step, amount }]
    return { ...state, won: amount, outcome: { ...state.outcome, gamble: { ...before, steps } } }
  }
}

function isPicking({ outcome }: State): boolean {
  return outcome.pick?.over === false
}

function closedBoxes({ boxes = [], outcome }: State): number[] {
  const opened = new Set(outcome.pick?.opened.map(({ box }) => box))
  return [...boxes.keys()].filter((box) => !opened.has(box))
}

/** Over when the box is empty, or when no prize is left. */
function openBox(state: State, box: number): State {
  const { boxes = [], outcome } = state
  const prize = boxes[box] as number
  const before = outcome.pick?.opened ?? []
  const opened = [...before, { box, prize }]
  const prizes = boxes.filter((each) => each > 0).length
  const over = prize === 0 || opened.length === prizes
  const worth = BigInt(prize) * BigInt(state.stake)
  const pick = { boxes: boxes.length, opened, over, win: (BigInt(outcome.pick?.win ?? 0) + worth).toString() }
  return { ...state, won: (BigInt(state.won) + worth).toString(), outcome: { ...outcome, pick } }
}
