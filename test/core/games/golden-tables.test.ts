import { test } from 'vitest'
import * as games from '#games'
import { expectGolden } from './golden.ts'

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
