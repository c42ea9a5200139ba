import type * as games from '#games'
import { seeded } from '../core/games/seeded.ts'

/** A number from 0 to range - 1, the same in every run. */
export type Pick = (range: number) => number

/** Decides for players who try everything: bets, stakes, moves. */
export function picker(seed: number): Pick {
  const random = seeded(seed)
  return (range) => Math.floor(random() * range)
}

const triesMax = 10_000
const suits = ['red', 'black', 'hearts', 'diamonds', 'clubs', 'spades']

/** Of each kind of game any choice that it takes, as a player's page would send it. */
const choices: Readonly<Record<string, (game: games.Game, pick: Pick) => Record<string, unknown>>> = {
  roulette: ({ sheet }, pick) => chips(Object.keys(sheet.bets as object), 8, () => 10 + 2 * pick(2000), pick),
  baccarat: ({ sheet }, pick) => chips(Object.keys(sheet.pays as object), 3, () => 20 * (1 + pick(500)), pick),
  blackjack: (_, pick) => ({ stake: amount(100 + 2 * pick(5000)) }),
  'jacks-or-better': (_, pick) => ({ stake: amount(10 + pick(9990)) }),
  dice({ sheet }, pick) {
    const { chance, step } = any(sheet.pays as Array<{ chance: number; step: number }>, pick)
    return { stake: amount(step * (10 + pick(90))), chance, side: any(['under', 'over'], pick) }
  },
  limbo({ sheet }, pick) {
    const { targetMin, targetMax } = sheet as { targetMin: number; targetMax: number }
    return { stake: amount(100 * (1 + pick(100))), target: targetMin + pick(targetMax - targetMin + 1) }
  },
  plinko({ sheet }, pick) {
    const [rows, risks] = any(Object.entries(sheet.pays as Record<string, object>), pick)
    return { stake: amount(50 * (1 + pick(200))), rows: Number(rows), risk: any(Object.keys(risks), pick) }
  },
  mines: ({ sheet }, pick) => ({
    stake: amount(100 * (1 + pick(100))),
    mines: Number(any(Object.keys(sheet.ladders as object), pick)),
    tile: pick(sheet.tiles as number),
  }),
  slot: ({ sheet }, pick) => ({
    stake: amount(100 * (1 + pick(50))),
    ...(sheet.gamble ? { gamble: pick(2) === 1 } : {}),
  }),
}

/** @throws Error for a game that nobody has said the choices of */
export function anyChoice(game: games.Game, pick: Pick): Record<string, unknown> {
  const make = choices[game.kind === 'slot' ? 'slot' : (game.page ?? game.id)]
  if (!make) throw new Error(`nobody has said what can be chosen in ${game.id}`)
  return make(game, pick)
}

/** Any move that the state allows, with what it needs besides its name. */
export function anyMove(game: games.Game, state: Record<string, unknown>, pick: Pick): Record<string, unknown> {
  const { open, read } = game.moves!
  const needs: Readonly<Record<string, () => Record<string, unknown>>> = {
    hold: () => ({ hold: [0, 1, 2, 3, 4].filter(() => pick(2) === 1) }),
    reveal: () => ({ tile: pick(25) }),
    open: () => ({ box: pick(12) }),
    gamble: () => ({ on: any(suits, pick) }),
  }
  for (let tries = 0; tries < triesMax; tries++) {
    const move = any(open(state), pick)
    const input = { move, ...needs[move]?.() }
    try {
      read(state, input)
      return input
    } catch {} // a tile or box that is open already, a card that would pay more than may be
  }
  throw new Error(`${game.id} takes no move`)
}

/** Up to so many bets of a table, each once. */
function chips(bets: readonly string[], most: number, minor: () => number, pick: Pick) {
  const count = 1 + pick(Math.min(most, bets.length))
  const left = [...bets]
  return {
    bets: Array.from({ length: count }, () => {
      const [on] = left.splice(pick(left.length), 1)
      return { on, amount: amount(minor()) }
    }),
  }
}

function any<T>(items: readonly T[], pick: Pick): T {
  return items[pick(items.length)]!
}

function amount(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`
}
