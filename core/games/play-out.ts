import type { Draws } from '#rng'
import type { Game, Played } from './game.ts'

/** A round to its end, as the rules complete it for who does not come back: for laboratories, which ask for final outcomes [GLI-3.2.2]. */
export function playOut(game: Game, choice: unknown, draws: Draws): Played {
  let step = game.play(choice, draws)
  while (step.state) {
    const { read, make, fallback } = game.moves!
    step = make(step.state, read(step.state, fallback(step.state)), draws)
  }
  return step
}
