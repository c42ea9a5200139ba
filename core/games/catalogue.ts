import { baccarat } from './catalogue/baccarat/index.ts'
import { dice } from './catalogue/dice/index.ts'
import { limbo } from './catalogue/limbo/index.ts'
import { midnightOrchard } from './catalogue/midnight-orchard/index.ts'
import { plinko } from './catalogue/plinko/index.ts'
import { rouletteAmerican, rouletteEuropean, rouletteFrench } from './catalogue/roulette/index.ts'
import { gameUnknown } from './errors.ts'
import type { Game } from './game.ts'

/** Every game this house offers, newest version each. A round keeps the version it was played with. */
const games: ReadonlyMap<string, Game> = new Map(
  [rouletteEuropean, rouletteAmerican, rouletteFrench, baccarat, midnightOrchard, dice, limbo, plinko].map((game) => [
    game.id,
    game as unknown as Game,
  ]),
)

export function catalogue(): readonly Game[] {
  return [...games.values()]
}

/** @throws Refusal `games.unknown` */
export function gameOf(id: string): Game {
  const game = games.get(id)
  if (!game) throw gameUnknown()
  return game
}
