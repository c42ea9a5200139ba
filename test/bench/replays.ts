import * as games from '#games'
import { type Draw, type Draws, record, replay, type Stream } from '#rng'
import type { Figure } from './benchmark.ts'

/** A round as its record has it: choice and moves as they are kept, every draw, and each step as it was shown. */
type Kept = { choice: string; moves: string[]; draws: string; steps: string[] }

const roundsAtOnce = 5000
const triesMax = 10_000

/**
 * Plays so many rounds over all games, each kept as its record would have it, and plays them again from the record alone: every step has to come
 * out byte for byte. One draw that was changed in a record has to be noticed. @throws Error naming the round that came out differently
 */
export function replays(stream: Stream, rounds: number, say: (line: string) => void): Figure[] {
  const catalogue = games.catalogue()
  const perGame = Math.ceil(rounds / catalogue.length)
  let [identical, replayingMs] = [0, 0]
  for (const game of catalogue) {
    for (let begun = 0; begun < perGame; begun += roundsAtOnce) {
      const kept = Array.from({ length: Math.min(roundsAtOnce, perGame - begun) }, () => play(game, stream))
      const begunMs = performance.now()
      for (const [index, round] of kept.entries())
        if (!isIdentical(game, round)) throw new Error(`round ${begun + index} of ${game.id} came out differently`)
      replayingMs += performance.now() - begunMs
      identical += kept.length
      if (isIdentical(game, withOtherDraw(kept[0]!))) throw new Error(`${game.id}: a changed draw was not noticed`)
    }
    say(`${game.id}: ${perGame} rounds again, each as it was`)
  }
  return [
    { name: 'rounds over all games, replayed byte-identical', value: identical, unit: 'rounds', bar: '>=1000000' },
    { name: 'rounds replayed from their records', value: identical / (replayingMs / 1000), unit: 'per second' },
  ]
}

function play(game: games.Game, stream: Stream): Kept {
  const { draws, taken } = record(stream)
  const choice = game.readChoice(game.sample, 'EUR')
  const moves: string[] = []
  const steps = run(game, choice, draws, (state) => {
    const input = moveOf(game, state, stream)
    moves.push(JSON.stringify(input))
    return input
  })
  return { choice: game.writeChoice(choice), moves, draws: JSON.stringify(taken), steps }
}

function isIdentical(game: games.Game, kept: Kept): boolean {
  let made = 0
  try {
    const tape = replay(JSON.parse(kept.draws))
    const steps = run(game, game.reviveChoice(kept.choice), tape.draws, () => JSON.parse(kept.moves[made++] ?? 'null'))
    return tape.finished() && steps.join('\n') === kept.steps.join('\n')
  } catch {
    return false
  }
}

/** Every step as it is shown and what it wins. */
function run(
  game: games.Game,
  choice: unknown,
  draws: Draws,
  decide: (state: Record<string, unknown>) => unknown,
): string[] {
  const shown = ({ outcome, win }: ReturnType<games.Game['play']>) => `${JSON.stringify(outcome)} ${win}`
  let step = game.play(choice, draws)
  const steps = [shown(step)]
  while (step.state) {
    const state = JSON.parse(JSON.stringify(step.state)) as Record<string, unknown>
    step = game.moves!.make(state, game.moves!.read(state, decide(state)), draws)
    steps.push(shown(step))
  }
  return steps
}

/** Any move that the state allows, with what it needs besides its name. */
function moveOf(game: games.Game, state: Record<string, unknown>, stream: Stream): unknown {
  const { open, read } = game.moves!
  const needs: Readonly<Record<string, () => Record<string, unknown>>> = {
    hold: () => ({ hold: [0, 1, 2, 3, 4].filter(() => stream.draw(2) === 1) }),
    reveal: () => ({ tile: stream.draw(25) }),
    open: () => ({ box: stream.draw(12) }),
    gamble: () => ({ on: 'red' }),
  }
  for (let tries = 0; tries < triesMax; tries++) {
    const names = open(state)
    const move = names[stream.draw(names.length)]!
    const input = { move, ...needs[move]?.() }
    try {
      read(state, input)
      return input
    } catch {} // a tile or box that is open already
  }
  throw new Error(`${game.id} takes no move`)
}

function withOtherDraw(kept: Kept): Kept {
  const draws = JSON.parse(kept.draws) as Draw[]
  const changed = draws.map(([purpose, range, value], index): Draw => {
    return index === 0 ? [purpose, range, (value + Math.floor(range / 2)) % range] : [purpose, range, value]
  })
  return { ...kept, draws: JSON.stringify(changed) }
}
