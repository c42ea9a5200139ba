import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as games from '#games'
import { odds } from '../../../core/games/catalogue/blackjack/returns.ts'
import { bets, figures, type Row, stake } from './bets.ts'

/** Every bet of every table and instant game, by what it can return: the page in the docs is written from here and held. */
test('the sheets stand in the docs; vitest -u writes them again', async () => {
  const head =
    '# PAR sheets of tables and instant games\n\nEvery figure is computed from all that can happen, in whole numbers; a test writes this page and holds it. Awards are in stakes, the stake\nincluded; where the player decides, by the best play, and of mines at every place to stop. Of a roulette wheel one bet stands for all that cover as many numbers; limbo\ntakes any target between those below, by the same rule.\n'
  const text = [head, ...bets.map(([id, rows]) => (id === 'blackjack' ? blackjack(rows) : sheet(id, rows)))].join('\n')
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/par-sheets-tables.md'))
})

const headOfTable = [
  '| bet | return | hit chance | standard deviation | top award | 1 in |',
  '| --- | --- | --- | --- | --- | --- |',
]

function sheet(id: string, rows: readonly Row[]): string {
  return section(id, rows.map(line))
}

function line({ bet, returns }: Row): string {
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
}

function section(id: string, lines: readonly string[]): string {
  const { name, version } = games.gameOf(id)
  return `## ${name}\n\nVersion ${version}\n\n${[...headOfTable, ...lines].join('\n')}\n`
}

/** Its rounds have too many ends to list: everything is computed from compositions of the shoe. Insurance is a stake of its own. */
function blackjack(insurances: readonly Row[]): string {
  const game = games.gameOf('blackjack')
  const { mean, variance } = game.spread!(game.readChoice({ stake: '100.00' }, 'EUR'))
  const cells = [
    'best play by the cards seen',
    `${((games.toNumber(mean) / Number(stake)) * 100).toFixed(6)} %`,
    `${(odds.hit * 100).toFixed(6)} %`,
    (Math.sqrt(games.toNumber(variance)) / Number(stake)).toFixed(6),
    16,
    Math.round(1 / odds.top).toLocaleString('en'),
  ]
  const told =
    'All are counted out of one shoe, hands of one split together. The top award is four hands, each doubled and won. Insurance is told of its own stake; tens are all cards\nthat count ten.'
  return `${section('blackjack', [`| ${cells.join(' | ')} |`, ...insurances.map(line)])}\n${told}\n`
}

function oneIn(ways: bigint, all: bigint): string {
  return (Number((all * 100n) / ways) / 100).toLocaleString('en')
}
