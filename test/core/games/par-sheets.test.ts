import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as games from '#games'
import { odds } from '../../../core/games/catalogue/blackjack/returns.ts'

/** Every bet of every table and instant game, by what it can return: the page in the docs is written from here and held. */
const stake = 10_000n // 100.00, on which every bet of every game pays whole minor units
const rtpMin = games.fraction(3, 4)
const disclosedFrom = 100_000_000n

type Row = { bet: string; returns: ReadonlyArray<readonly [bigint, bigint]>; staked?: bigint }

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

const sheets: ReadonlyArray<readonly [id: string, rows: Row[]]> = [
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
    Object.keys(games.gameOf('mines').sheet.ladders as object).map((mines) =>
      row('mines', `${mines} mines, to the best place to stop`, { stake: '100.00', mines: Number(mines), tile: 0 }),
    ),
  ],
  ['jacks-or-better', [row('jacks-or-better', 'best play', { stake: '100.00' })]],
]

test.each(sheets)(
  '%s returns 75 % or more at every bet, and tells the odds of what is rarer than one in 100 million [GLI-4.7.1a] [GLI-4.7.3]',
  (id, rows) => {
    for (const { bet, returns } of rows) {
      const { rtp, top } = figures(returns)
      expect(rtp.n * rtpMin.d >= rtpMin.n * rtp.d, `${id}, ${bet}`).toBe(true)
      const [ways, all] = top.chance
      if (all / ways > disclosedFrom)
        expect(games.gameOf(id).rules.en.join(' '), `${id}, ${bet}`).toMatch(/1 in [\d, ]+/)
    }
  },
)

test('the sheets stand in the docs; vitest -u writes them again', async () => {
  const head =
    '# PAR sheets of tables and instant games\n\nEvery figure is computed from all that can happen, in whole numbers; a test writes this page and holds it. Awards are in stakes, the stake\nincluded; where the player decides, by the best play. Of a roulette wheel one bet stands for all that cover as many numbers; limbo takes any target between\nthose below, by the same rule.\n'
  const text = [head, ...sheets.map(sheet), blackjack()].join('\n')
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/par-sheets-tables.md'))
})

const headOfTable = [
  '| bet | return | hit chance | standard deviation | top award | 1 in |',
  '| --- | --- | --- | --- | --- | --- |',
]

function sheet([id, rows]: readonly [string, Row[]]): string {
  const { name, version } = games.gameOf(id)
  const lines = rows.map(({ bet, returns }) => {
    const { rtp, hit, deviation, top } = figures(returns)
    const [ways, all] = top.chance
    const cells = [
      bet,
      games.showPercent(rtp, 6),
      games.showPercent(hit, 4),
      deviation.toFixed(4),
      top.times,
      oneIn(ways, all),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const table = [...headOfTable, ...lines]
  return `## ${name}\n\nVersion ${version}\n\n${table.join('\n')}\n`
}

/** Its rounds have too many ends to list: everything is computed from compositions of the shoe. */
function blackjack(): string {
  const game = games.gameOf('blackjack')
  const { mean, variance } = game.spread!(game.readChoice({ stake: '100.00' }, 'EUR'))
  const cells = [
    'best play by the cards seen',
    `${((games.toNumber(mean) / Number(stake)) * 100).toFixed(6)} %`,
    `${(odds.hit * 100).toFixed(4)} %`,
    (Math.sqrt(games.toNumber(variance)) / Number(stake)).toFixed(4),
    16,
    Math.round(1 / odds.top).toLocaleString('en'),
  ]
  return `## ${game.name}\n\nVersion ${game.version}\n\n${headOfTable.join('\n')}\n| ${cells.join(' | ')} |\n\nThe return is exact. What the hands of one split have in common, in the other figures, is taken from an infinite shoe; the top award is four hands, each\ndoubled and won.\n`
}

function figures(returns: Row['returns']) {
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

function oneIn(ways: bigint, all: bigint): string {
  return (Number((all * 100n) / ways) / 100).toLocaleString('en')
}
