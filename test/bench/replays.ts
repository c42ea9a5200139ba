import * as games from '#games'
import { type Draw, type Draws, record, replay, type Stream } from '#rng'
import type { Figure } from './benchmark.ts'
import { anyChoice, anyMove, type Pick, picker } from './choices.ts'

/** A round as its record has it: choice and moves as they are kept, every draw, and each step as it was shown. */
export type Kept = { choice: string; moves: string[]; draws: string; steps: string[] }

type Drawn = { draw(range: number): number }

const roundsAtOnce = 5000
const seed = 2_026

/**
 * Plays so many rounds over all games, by players who try everything, each kept as its record would have it, and plays them again from the record
 * alone: every step has to come out byte for byte. One draw that was changed in a record has to be noticed.
 *
 * @throws Error naming the round that came out differently
 */
export function replays(stream: Stream, rounds: number, say: (line: string) => void): Figure[] {
  const catalogue = games.catalogue()
  const pick = picker(seed)
  const perGame = Math.ceil(rounds / catalogue.length)
  let [identical, moves, replayingMs] = [0, 0, 0]
  for (const game of catalogue) {
    const choices = new Set<string>()
    for (let begun = 0; begun < perGame; begun += roundsAtOnce) {
      const kept = Array.from({ length: Math.min(roundsAtOnce, perGame - begun) }, () => keep(game, stream, pick))
      const begunMs = performance.now()
      for (const [index, round] of kept.entries())
        if (!isIdentical(game, round)) throw new Error(`round ${begun + index} of ${game.id} came out differently`)
      replayingMs += performance.now() - begunMs
      identical += kept.length
      for (const round of kept) {
        choices.add(round.choice)
        moves += round.moves.length
      }
      if (isIdentical(game, withOtherDraw(kept[0]!))) throw new Error(`${game.id}: a changed draw was not noticed`)
    }
    say(`${game.id}: ${perGame} rounds of ${choices.size} choices again, each as it was`)
  }
  return [
    { name: 'rounds over all games, replayed byte-identical', value: identical, unit: 'rounds', bar: '>=1000000' },
    { name: 'moves within them', value: moves, unit: 'moves' },
    { name: 'rounds replayed from their records', value: identical / (replayingMs / 1000), unit: 'per second' },
  ]
}

/** One round, whatever its player decides, as it is kept. */
export function keep(game: games.Game, stream: Drawn, pick: Pick): Kept {
  const { draws, taken } = record(stream)
  const choice = game.readChoice(anyChoice(game, pick), 'EUR')
  const moves: string[] = []
  const steps = run(game, choice, draws, (state) => {
    const input = anyMove(game, state, pick)
    moves.push(JSON.stringify(input))
    return input
  })
  return { choice: game.writeChoice(choice), moves, draws: JSON.stringify(taken), steps }
}

/** Whether the record alone gives every step again, to the byte, and nothing of it is left over. */
export function isIdentical(game: games.Game, kept: Kept): boolean {
  let made = 0
  try {
    const tape = replay(JSON.parse(kept.draws))
    const steps = run(game, game.reviveChoice(kept.choice), tape.draws, () => JSON.parse(kept.moves[made++] ?? 'null'))
    return tape.finished() && made === kept.moves.length && steps.join('\n') === kept.steps.join('\n')
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

function withOtherDraw(kept: Kept): Kept {
  const draws = JSON.parse(kept.draws) as Draw[]
  const changed = draws.map(([purpose, range, value], index): Draw => {
    return index === 0 ? [purpose, range, (value + Math.floor(range / 2)) % range] : [purpose, range, value]
  })
  return { ...kept, draws: JSON.stringify(changed) }
}
