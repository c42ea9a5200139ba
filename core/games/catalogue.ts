import { Refusal } from '#base'
import { baccarat } from './catalogue/baccarat/index.ts'
import { basaltFalls } from './catalogue/basalt-falls/index.ts'
import { blackjack } from './catalogue/blackjack/index.ts'
import { dice } from './catalogue/dice/index.ts'
import { jacksOrBetter } from './catalogue/jacks-or-better/index.ts'
import { limbo } from './catalogue/limbo/index.ts'
import { midnightOrchard } from './catalogue/midnight-orchard/index.ts'
import { mines } from './catalogue/mines/index.ts'
import { plinko } from './catalogue/plinko/index.ts'
import { rouletteAmerican, rouletteEuropean, rouletteFrench } from './catalogue/roulette/index.ts'
import { tidewrack } from './catalogue/tidewrack/index.ts'
import { gameUnknown, versionNotHere } from './errors.ts'
import type { Game } from './game.ts'

/** Every game this house has, at its present version. */
const games: ReadonlyMap<string, Game> = new Map(
  [
    rouletteEuropean,
    rouletteAmerican,
    rouletteFrench,
    baccarat,
    blackjack,
    jacksOrBetter,
    midnightOrchard,
    basaltFalls,
    tidewrack,
    dice,
    limbo,
    plinko,
    mines,
  ].map((game) => [game.id, game as unknown as Game]),
)

/** Earlier versions, kept until the last round that was begun on one is over. */
const earlier: readonly Game[] = []

export function catalogue(): readonly Game[] {
  return [...games.values()]
}

/**
 * A game at its present version, or at a named one.
 *
 * @throws Refusal `games.unknown`, `games.version_not_here`
 */
export function gameOf(id: string, version?: string): Game {
  const game = games.get(id)
  if (!game) throw gameUnknown()
  if (version === undefined || version === game.version) return game
  const before = earlier.find((each) => each.id === id && each.version === version)
  if (!before) throw versionNotHere()
  return before
}

/** The same, or undefined where this program does not have it: of records of before. */
export function gameHere(id: string, version: string): Game | undefined {
  try {
    return gameOf(id, version)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
