import * as games from '#games'
import { insurance, insuranceAt } from '../../../core/games/catalogue/blackjack/insurance.ts'
import { returnsAt } from '../../../core/games/catalogue/mines/board.ts'

/** What every bet of every table and instant game returns, by enumeration; but for a hand of blackjack, whose ends are too many to list. */
export const stake = 10_000n // 100.00, on which every bet of every game pays whole minor units

export type Row = { bet: string; returns: ReadonlyArray<readonly [bigint, bigint]> }

const chip = (id: string, bets: readonly string[]): Row[] =>
  bets.map((on) => row(id, on, { bets: [{ on, amount: '100.00' }] }))
const row = (id: string, bet: string, input: Record<string, unknown>): Row => {
  const game = games.gameOf(id)
  return { bet, returns: game.returns!(game.readChoice(input, 'EUR')) }
}
/** One bet of each kind: all of a kind cover as many numbers. */
const kinds = (id: string) => {
  const bets = Object.keys(games.gameOf(id).sheet.bets as object)
  return bets.filter((on, index) => bets.findIndex((other) => kindOf(other) === kindOf(on)) === index)
}
const kindOf = (on: string) => on.split(':')[0]
const many = (count: number, of: string) => `${count} ${of}${count > 1 ? 's' : ''}`

export const bets: ReadonlyArray<readonly [id: string, rows: Row[]]> = [
  ...['roulette-european', 'roulette-american', 'roulette-french'].map((id) => [id, chip(id, kinds(id))] as const),
  ['baccarat', chip('baccarat', ['player', 'banker', 'tie'])],
  [
    'dice',
    (games.gameOf('dice').sheet.pays as Array<{ chance: number }>).map(({ chance }) =>
      row('dice', `${chance / 100} % under or over`, { stake: '100.00', chance, side: 'under' }),
    ),
  ],
  [
    'limbo',
    [101, 110, 125, 150, 200, 300, 500, 1000, 5000, 10_000, 100_000].map((target) =>
      row('limbo', `${target / 100} times`, { stake: '100.00', target }),
    ),
  ],
  [
    'plinko',
    [8, 12, 16].flatMap((rows) =>
      ['low', 'medium', 'high'].map((risk) => row('plinko', `${rows} rows, ${risk}`, { stake: '100.00', rows, risk })),
    ),
  ],
  [
    'mines',
    Object.entries(games.gameOf('mines').sheet.ladders as Record<string, number[]>).flatMap(([mines, ladder]) =>
      ladder.map((_, index) => ({
        bet: `${many(Number(mines), 'mine')}, ${many(index + 1, 'tile')}`,
        returns: returnsAt(stake, Number(mines), index + 1),
      })),
    ),
  ],
  ['jacks-or-better', [row('jacks-or-better', 'best play', { stake: '100.00' })]],
  [
    'blackjack',
    [
      { bet: 'insurance, over all deals', returns: insurance(stake) },
      ...([0, 1, 2] as const).map((held) => ({
        bet: `insurance, with ${['no ten', 'one ten', 'two tens'][held]} in hand`,
        returns: insuranceAt(stake, held),
      })),
    ],
  ],
]

export function figures(returns: Row['returns']) {
  const all = returns.reduce((sum, [ways]) => sum + ways, 0n)
  const sum = returns.reduce((total, [ways, win]) => total + ways * win, 0n)
  const squares = returns.reduce((total, [ways, win]) => total + ways * win * win, 0n)
  const hits = returns.reduce((total, [ways, win]) => (win > 0n ? total + ways : total), 0n)
  const [most = 0n] = returns.map(([, win]) => win).sort((a, b) => (a > b ? -1 : 1))
  const ways = returns.reduce((total, [each, win]) => (win === most ? total + each : total), 0n)
  const variance = games.toNumber(games.fraction(squares * all - sum * sum, all * all * stake * stake))
  return {
    rtp: games.fraction(sum, all * stake),
    hit: games.fraction(hits, all),
    deviation: Math.sqrt(variance),
    top: { times: String(Number(most) / Number(stake)), chance: [ways, all] as const },
  }
}
