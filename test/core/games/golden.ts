import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type * as games from '#games'
import { ctrDrbg, type Draws, record } from '#rng'
import { asWords, createStream } from '../../../core/rng/stream.ts'

/** Who decides in a golden round: what to do in a state, by a number that is as fixed as the draws are. */
export type Decide = (state: Record<string, unknown>, open: readonly string[], pick: Draws) => unknown

const rounds = 10_000
const known = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as Record<string, string>

/** Draws that are the same in every run. */
export function fixedDraws(name: string): Draws {
  const drbg = ctrDrbg({ entropy: Buffer.alloc(48, 1), nonce: Buffer.alloc(16, 2), personalisation: Buffer.from(name) })
  const stream = createStream(() => asWords(drbg.generate(65_536)))
  return (range) => stream.draw(range)
}

/** Plays a round to its end. */
export function playOut(game: games.Game, choice: unknown, draws: Draws, decide?: Decide, pick: Draws = draws) {
  let step = game.play(choice, draws)
  let moved = 0n
  while (step.state) {
    const { state } = step
    const open = game.moves!.open(state)
    const move = game.moves!.read(state, decide!(state, open, pick))
    moved += game.moves!.stakeOf(state, move)
    step = game.moves!.make(JSON.parse(JSON.stringify(state)) as typeof state, move, draws)
  }
  return { ...step, moved }
}

/**
 * The outcomes of 10,000 rounds of fixed draws, choices and decisions are what they were when this version of the mathematics was written
 * down in `golden.json`: whoever changes them makes another version, and writes its digest down beside the ones before.
 */
export function expectGolden(game: games.Game, inputs: readonly unknown[], decide?: Decide): void {
  const hash = createHash('sha256')
  const draws = fixedDraws(game.id)
  const pick = fixedDraws(`${game.id}, decisions`)
  const choices = inputs.map((input) => game.readChoice(input, 'EUR'))
  for (let round = 0; round < rounds; round++) {
    const { draws: recorded, taken } = record({ draw: (range) => draws(range, '') })
    const { outcome, win, moved } = playOut(game, choices[round % choices.length], recorded, decide, pick)
    hash.update(JSON.stringify([taken, outcome, String(win), String(moved)]))
  }
  expect({ [`${game.id} ${game.version}`]: hash.digest('hex').slice(0, 32) }).toEqual({
    [`${game.id} ${game.version}`]: known[`${game.id} ${game.version}`],
  })
}
