import { expect, test } from 'vitest'
import * as games from '#games'
import { picker } from '../../bench/choices.ts'
import { isIdentical, type Kept, keep } from '../../bench/replays.ts'
import { fixedDraws } from './golden.ts'

/** The rounds that `npm run bench -- games` records and replays a million of, here a thousand of each game. */
const rounds = 1000

function kept(id: string, seed = 1): Kept[] {
  const game = games.gameOf(id)
  const draws = fixedDraws(`${id}, kept`)
  const pick = picker(seed)
  return Array.from({ length: rounds }, () => keep(game, { draw: (range) => draws(range, '') }, pick))
}
const wordsOf = (all: readonly Kept[], name: string) =>
  new Set(all.flatMap(({ moves }) => moves.map((move) => (JSON.parse(move) as Record<string, unknown>)[name])))
const choicesOf = (all: readonly Kept[]) => all.map(({ choice }) => JSON.parse(choice) as Record<string, unknown>)
const betsOf = (all: readonly Kept[]) => choicesOf(all).map(({ chips }) => chips as Array<[on: string, minor: string]>)

test.each(games.catalogue().map((game) => [game.id, game] as const))(
  '%s: rounds of players who try everything come out again byte for byte from what is kept of them; one draw, move or choice that is not kept is noticed [GLI-4.5.2] [GLI-4.14.1]',
  (id, game) => {
    const all = kept(id)
    expect(all.filter((round) => !isIdentical(game, round))).toEqual([])
    expect(kept(id), 'the same seed decides the same').toEqual(all)
    expect(kept(id, 2).map(({ choice }) => choice)).not.toEqual(all.map(({ choice }) => choice))
    const stakes = new Set(choicesOf(all).map(({ stake, chips }) => stake ?? JSON.stringify(chips)))
    expect(stakes.size, 'stakes vary').toBeGreaterThan(20)
    for (const round of all.slice(0, 100)) {
      expect(isIdentical(game, { ...round, draws: JSON.stringify(JSON.parse(round.draws).slice(1)) })).toBe(false)
      expect(isIdentical(game, { ...round, moves: [...round.moves, '{}'] })).toBe(false)
      if (round.moves.length > 0) expect(isIdentical(game, { ...round, moves: round.moves.slice(1) })).toBe(false)
    }
  },
)

test('they make every bet there is: each number and its neighbours, every chance, risk and number of mines, several chips at once', () => {
  for (const id of ['roulette-european', 'roulette-american', 'roulette-french', 'baccarat']) {
    const placed = betsOf(kept(id))
    const { bets, pays } = games.gameOf(id).sheet
    const known = Object.keys((bets ?? pays) as object)
    expect(new Set(placed.flatMap((chips) => chips.map(([on]) => on)))).toEqual(new Set(known))
    expect(new Set(placed.map(({ length }) => length)).size).toBe(id === 'baccarat' ? 3 : 8)
  }
  const of = (id: string, name: string) => new Set(choicesOf(kept(id)).map((choice) => choice[name]))
  const { sheet } = games.gameOf('dice')
  expect(of('dice', 'chance')).toEqual(new Set((sheet.pays as Array<{ chance: number }>).map(({ chance }) => chance)))
  expect(of('dice', 'side')).toEqual(new Set(['under', 'over']))
  expect(of('limbo', 'target').size).toBeGreaterThan(900)
  expect(of('mines', 'mines').size).toBe(24)
  expect(of('mines', 'tile').size).toBe(25)
  expect(of('plinko', 'rows')).toEqual(new Set([8, 12, 16]))
  expect(of('plinko', 'risk')).toEqual(new Set(['low', 'medium', 'high']))
})

test('they make every move there is: insurance, splits, doubles and surrender, tiles and boxes, double or nothing on each colour and suit', () => {
  const house = ['insurance', 'no-insurance', 'hit', 'stand', 'double', 'split', 'surrender']
  expect(wordsOf(kept('blackjack'), 'move')).toEqual(new Set(house))
  expect(wordsOf(kept('mines'), 'move')).toEqual(new Set(['reveal', 'cash-out']))
  expect(new Set([...wordsOf(kept('jacks-or-better'), 'hold')].map(String)).size, 'of 32 ways to hold').toBe(32)
  const slot = kept('tidewrack')
  expect(wordsOf(slot, 'move')).toEqual(new Set(['open', 'gamble', 'finish']))
  const on = ['red', 'black', 'hearts', 'diamonds', 'clubs', 'spades']
  expect(wordsOf(slot.map(gambles), 'on')).toEqual(new Set(on))
  expect(new Set(choicesOf(slot).map(({ gamble }) => gamble))).toEqual(new Set([undefined, true]))
})

function gambles(round: Kept): Kept {
  return { ...round, moves: round.moves.filter((move) => move.includes('"gamble"')) }
}
