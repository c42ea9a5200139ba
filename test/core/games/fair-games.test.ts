import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { type Draw, record } from '#rng'
import { fairStream } from '../../../core/games/fairness/stream.ts'
import type { Played } from '../../../core/host/web/browser/fair-fact.ts'
import { outcomeOf } from '../../../core/host/web/browser/fair-outcomes.ts'

/** What a player's browser makes of seeds, against the mathematics that play: written twice, from one document. */
const serverSeed = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const document = readFileSync(join(import.meta.dirname, '../../../core/games/fairness/outcomes.md'), 'utf8')
const bet = (on: string) => ({ bets: [{ on, amount: '1.00' }] })
const choices: Record<string, unknown[]> = {
  plinko: [8, 12, 16].map((rows) => ({ stake: '1.00', rows, risk: 'high' })),
  mines: [1, 3, 24].map((mines) => ({ stake: '1.00', mines, tile: 12 })),
  limbo: [101, 200, 100_000].map((target) => ({ stake: '1.00', target })),
  baccarat: ['player', 'banker', 'tie'].map(bet),
  tidewrack: [true, false].map((gamble) => ({ stake: '1.00', gamble })),
}

/** What the rounds below come to besides, so that all of it is compared. */
const features: Record<string, string[]> = {
  'midnight-orchard': ['Reels', 'Free spin'],
  'basalt-falls': ['Reels', 'Free spin'],
  tidewrack: ['Reels', 'Held at the beginning', 'Held by the spins', 'Boxes opened', 'Gamble'],
  blackjack: ['Player', 'Hand'],
}

type Decide = (state: Record<string, unknown>, open: readonly string[], round: number) => unknown
/** Moves of every kind, by the number of the round: what a player does has no part in the numbers. */
const decisions: Record<string, Decide> = {
  blackjack: (_, open, round) => ({
    move: open.includes('split') ? 'split' : open[(round * 7 + open.length) % open.length],
  }),
  'jacks-or-better': (_, __, round) => ({
    move: 'hold',
    hold: [0, 1, 2, 3, 4].filter((place) => (round >> place) & 1),
  }),
  mines: (state, _, round) => {
    const tile = Array.from({ length: 25 }, (_, n) => (n + round) % 25).find(
      (n) => !(state.picked as number[]).includes(n),
    )
    return round % 4 === 0 ? { move: 'cash-out' } : { move: 'reveal', tile }
  },
  tidewrack: (state, open) => {
    if (open.includes('gamble')) return { move: 'gamble', on: 'red' }
    const { opened } = (state.outcome as { pick: { opened: Array<{ box: number }> } }).pick
    return {
      move: 'open',
      box: Array.from({ length: 12 }, (_, n) => n).find((n) => !opened.some(({ box }) => box === n)),
    }
  },
}

/** A round as the house plays and recalls it. */
function play(game: games.Game, input: unknown, nonce: number, decide?: Decide): Played & { draws: Draw[] } {
  const seeds = { serverSeed: Buffer.from(serverSeed, 'hex'), clientSeed: 'my words', nonce: BigInt(nonce) }
  const { draws, taken } = record(fairStream(seeds))
  const choice = game.readChoice(input, 'EUR')
  let step = game.play(choice, draws)
  const steps: Array<Played['steps'][number]> = [{ move: null, outcome: step.outcome }]
  while (step.state) {
    const { read, make, open, fallback } = game.moves!
    const wish = decide?.(step.state, open(step.state), nonce) ?? fallback(step.state)
    step = make(step.state, read(step.state, wish), draws)
    steps.push({ move: wish, outcome: step.outcome })
  }
  const kept = JSON.parse(game.writeChoice(choice)) as Record<string, unknown>
  return { choice: kept, outcome: step.outcome, steps, sheet: game.sheet, draws: taken }
}

describe.each(games.catalogue().map((game) => [game.id, game] as const))('%s', (id, game) => {
  const check = (round: Played, nonce: number) =>
    outcomeOf({ serverSeed, clientSeed: 'my words', nonce: String(nonce) }, id, round)

  test('a browser makes cards, places and stops of the seeds as they were played, and asks for the same numbers', async () => {
    const shown = new Set<string>()
    for (let nonce = 0; nonce < (features[id] ? 400 : 100); nonce++) {
      const inputs = choices[id] ?? [game.sample]
      const round = play(game, inputs[nonce % inputs.length], nonce, decisions[id])
      const { facts, draws } = await check(round, nonce)
      expect(facts.length).toBeGreaterThan(0)
      for (const { what, made, played } of facts) {
        expect(made, `round ${nonce}, ${what}`).toBe(played)
        shown.add(what.replace(/ \d+/, ''))
      }
      expect(draws, `round ${nonce}`).toEqual(round.draws.map(([, range, value]) => [range, value]))
    }
    expect([...shown]).toEqual(expect.arrayContaining(features[id] ?? []))
  })

  test('an outcome that does not follow from the seeds is seen', async () => {
    const [round, other] = [play(game, game.sample, 0), play(game, game.sample, 1)]
    const { facts } = await check({ ...other, choice: round.choice }, 0)
    expect(facts.some(({ made, played }) => made !== played)).toBe(true)
  })

  test('its example in the document is what the house plays and what a browser makes', async () => {
    const round = play(game, game.sample, 7)
    const { facts, draws } = await check(round, 7)
    const [ranges, values] = [draws.map(([range]) => range), draws.map(([, value]) => value)]
    const example = [
      `numbers out of ${shortly(ranges)}: ${values.join(', ')}`,
      ...facts.map(({ what, made }) => `${what}: ${made}`),
    ].join('\n')
    expect(document).toContain(`\n${example}\n`)
    expect(facts.every(({ made, played }) => made === played)).toBe(true)
  })
})

/** `52, 51, 50`, and of one that comes again and again how often: `2 (16 times)`. */
function shortly(ranges: readonly number[]): string {
  return ranges.every((range) => range === ranges[0]) && ranges.length > 1
    ? `${ranges[0]} (${ranges.length} times)`
    : ranges.join(', ')
}
