import type { Draws } from '#rng'
import { choiceInvalid } from '../../errors.ts'
import type { Fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { readMove } from '../../move.ts'
import { addRisks, noRisks, riskOf } from '../../risk.ts'
import { spreadOf } from '../../spread.ts'
import { fieldsOf, readStake, reviveStaked, timesOf, writeStaked } from '../../stake.ts'
import { bestPicks, ladderOf, minesMax, nextChance, returnOf, returnsAt, tiles, timesMax } from './board.ts'
import { rules } from './rules.ts'

/** The first tile is chosen with the bet, so that no round waits with nothing done. */
type Choice = { stake: bigint; mines: number; tile: number }
type Move = { move: 'reveal'; tile: number } | { move: 'cash-out' }

/** Kept between moves; where the mines lie nobody is told before the end. */
type State = { stake: string; mines: number[]; picked: number[] }

/**
 * `picked` in order, what cashing out pays now and what the next tile would make it (hundredths of the stake, null where there is none). At
 * the end where the mines lay, and whether the last tile was one.
 */
type MinesOutcome = {
  picked: number[]
  count: number
  times: number
  next: number | null
  ended?: { mines: number[]; hit: boolean }
}

const step = 100n // pays are whole hundredths
const stakeMax = 10_000n
const counts = Array.from({ length: minesMax }, (_, index) => index + 1)
const ladders = counts.map(ladderOf)
const timesAt = (mines: number, picks: number) => ladders[mines - 1]![picks - 1]!
const best = counts.map((mines) => ({ mines, picks: bestPicks(mines) }))

/** Twenty-five tiles, some hide mines: each safe tile raises the pay, a mine takes it all. */
export const mines: Game<Choice> = {
  id: 'mines',
  name: 'Mines',
  kind: 'instant',
  version: versionOf({ game: 'mines', tiles, ladders }),
  rtp: best.map(({ mines, picks }) => returnOf(mines, picks)).reduce(higher),
  stakeMin: step,
  stakeMax,
  winMax: timesOf(stakeMax, Math.max(...ladders.flat())),
  sheet: { tiles, timesMax, ladders: Object.fromEntries(counts.map((count) => [count, ladders[count - 1]])) },
  rules,
  sample: { stake: '1.00', mines: 3, tile: 12 },
  readChoice(input, currency) {
    const { stake, mines, tile } = fieldsOf(input, ['stake', 'mines', 'tile'])
    if (!counts.includes(mines as number)) throw choiceInvalid(`There are 1 to ${minesMax} mines.`)
    const bounds = { min: step, max: stakeMax, step }
    return { stake: readStake(stake, currency, bounds), mines: mines as number, tile: readTile(tile, []) }
  },
  stakeOf: ({ stake }) => stake,
  play({ stake, mines, tile }, draws) {
    return reveal({ stake: stake.toString(), mines: lay(mines, draws), picked: [] }, tile)
  },
  moves: {
    read: (state, input): Move => {
      if (readMove(input, ['reveal', 'cash-out'], ['tile']) === 'cash-out') return { move: 'cash-out' }
      return { move: 'reveal', tile: readTile(fieldsOf(input, ['move', 'tile']).tile, (state as State).picked) }
    },
    stakeOf: () => 0n,
    make(state, move) {
      const [held, made] = [state as State, move as Move]
      return made.move === 'reveal' ? reveal(held, made.tile) : end(held, false)
    },
    fallback: () => ({ move: 'cash-out' }),
    open: () => ['reveal', 'cash-out'],
  },
  luck({ stake, mines }, outcome) {
    const { picked, ended } = outcome as MinesOutcome
    return ended?.mines.includes(picked[0]!) ? 0n : timesOf(stake, timesAt(mines, 1))
  },
  risks({ stake, mines }, outcome) {
    const { picked, ended } = outcome as MinesOutcome
    const pay = (picks: number) => timesOf(stake, timesAt(mines, picks))
    return picked
      .slice(1)
      .map((tile, index) => {
        const picks = index + 1 // safe ones before it
        return riskOf(pay(picks), pay(picks + 1), nextChance(mines, picks), !ended?.mines.includes(tile))
      })
      .reduce(addRisks, noRisks)
  },
  // Of the first tile: those that follow are `risks`.
  spread: ({ stake, mines }) => spreadOf(returnsAt(stake, mines, 1)),
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}

/** Every set of so many tiles equally likely. */
function lay(count: number, draws: Draws): number[] {
  const left = Array.from({ length: tiles }, (_, tile) => tile)
  return Array.from({ length: count }, () => left.splice(draws(left.length, 'mine'), 1)[0]!)
}

function reveal(before: State, tile: number) {
  const state = { ...before, picked: [...before.picked, tile] }
  if (state.mines.includes(tile)) return end(state, true)
  if (state.picked.length === ladders[state.mines.length - 1]!.length) return end(state, false)
  return { outcome: told(state), win: 0n, state }
}

function end(state: State, hit: boolean) {
  const times = hit ? 0 : timesAt(state.mines.length, state.picked.length)
  const outcome: MinesOutcome = { ...told(state), times, next: null, ended: { mines: state.mines, hit } }
  return { outcome, win: timesOf(BigInt(state.stake), times) }
}

function told({ mines, picked }: State): MinesOutcome {
  const next = timesAt(mines.length, picked.length + 1) ?? null
  return { picked, count: mines.length, times: timesAt(mines.length, picked.length) ?? 0, next }
}

function readTile(tile: unknown, picked: readonly number[]): number {
  if (typeof tile !== 'number' || !Number.isInteger(tile) || tile < 0 || tile >= tiles)
    throw choiceInvalid(`Tiles are 0 to ${tiles - 1}.`)
  if (picked.includes(tile)) throw choiceInvalid('This tile is open already.')
  return tile
}

function higher(one: Fraction, other: Fraction): Fraction {
  return one.n * other.d >= other.n * one.d ? one : other
}
