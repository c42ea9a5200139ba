import { test } from 'vitest'
import * as games from '#games'
import { type Decide, expectGolden } from './golden.ts'

const spins = [
  { bets: [{ on: 'red', amount: '1.00' }] },
  {
    bets: [
      { on: 'straight:17', amount: '0.50' },
      { on: 'column:2', amount: '2.00' },
      { on: 'split:17-20', amount: '0.10' },
    ],
  },
]
const hands = ['player', 'banker', 'tie'].map((on) => ({ bets: [{ on, amount: '1.00' }] }))

test.each([
  ['roulette-european', spins],
  ['roulette-american', [...spins, { bets: [{ on: 'basket:0-00-1-2-3', amount: '1.00' }] }]],
  ['roulette-french', spins],
  ['baccarat', hands],
  ['dice', [4950, 10, 9000].flatMap((chance) => ['under', 'over'].map((side) => ({ stake: '1.00', chance, side })))],
  ['limbo', [101, 200, 12_345, 100_000].map((target) => ({ stake: '1.00', target }))],
  ['plinko', [8, 12, 16].flatMap((rows) => ['low', 'medium', 'high'].map((risk) => ({ stake: '1.00', rows, risk })))],
])('%s plays as its version did when it was written down [GLI-A.6.1b]', (id, inputs) => {
  expectGolden(games.gameOf(id), inputs)
})

/** Any open move, and of tiles any that is closed. */
const anyTile: Decide = (state, _, pick) => {
  const closed = Array.from({ length: 25 }, (_, tile) => tile).filter(
    (tile) => !(state.picked as number[]).includes(tile),
  )
  return pick(4, '') === 0 ? { move: 'cash-out' } : { move: 'reveal', tile: closed[pick(closed.length, '')] }
}
const anyHold: Decide = (_, __, pick) => ({ move: 'hold', hold: [0, 1, 2, 3, 4].filter(() => pick(2, '') === 1) })
const anyMove: Decide = (_, open, pick) => ({ move: open[pick(open.length, '')] })

test.each([
  ['mines', [1, 3, 10, 24].map((mines) => ({ stake: '1.00', mines, tile: 12 })), anyTile],
  ['blackjack', [{ stake: '1.00' }], anyMove],
  ['jacks-or-better', [{ stake: '1.00' }], anyHold],
] as const)(
  '%s, moves included, plays as its version did when it was written down [GLI-A.6.1b]',
  (id, inputs, decide) => {
    expectGolden(games.gameOf(id), inputs, decide)
  },
)
