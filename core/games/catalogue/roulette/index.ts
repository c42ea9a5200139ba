import { type Chips, readChips, reviveChips, stakeOfChips, type Table, totalOfWins, writeChips } from '../../chips.ts'
import { type Fraction, fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { spreadOf } from '../../spread.ts'
import { doubleZero, evenChances, isRed, layoutOf, singleZero, twoZeros } from './layout.ts'
import { rulesOf } from './rules.ts'

/** What a spin tells: the number (37 is 00), its colour, and of each chip in order what it brings back, in minor units. */
type RouletteOutcome = { number: number; colour: 'green' | 'red' | 'black'; wins: string[] }

/** A wheel and the table beside it. */
export type Roulette = {
  id: string
  name: string
  /** The numbers as they stand around the wheel. */
  wheel: readonly number[]
  bets: ReadonlyMap<string, ReadonlySet<number>>
  /** La partage: on a zero half of an even chance comes back. */
  halfBackOnZero: boolean
  /** Of the bet that returns most. */
  rtp: Fraction
  mathematics: unknown
}

const chipMin = 10n
const chipMax = 50_000n
const tableMax = 200_000n
const chipsMax = 60
const basketTimes = 7n // 6 to 1, the only bet that does not return 36/n

const oneZero = [
  0, 32, 15, 19, 4, 21, 2, 25, 17, 34, 6, 27, 13, 36, 11, 30, 8, 23, 10, 5, 24, 16, 33, 1, 20, 14, 31, 9, 22, 18, 29, 7,
  28, 12, 35, 3, 26,
]
const american = [
  0, 28, 9, 26, 30, 11, 7, 20, 32, 17, 5, 22, 34, 15, 3, 24, 36, 13, 1, 37, 27, 10, 25, 29, 12, 8, 19, 31, 18, 6, 21,
  33, 16, 4, 23, 35, 14, 2,
]
const single = layoutOf(singleZero)
const double = layoutOf(twoZeros)
const written = (bets: typeof single) => [...bets].map(([name, numbers]) => [name, [...numbers]])

/** One zero, every bet returns 36/37. */
export const rouletteEuropean = roulette({
  id: 'roulette-european',
  name: 'European Roulette',
  wheel: oneZero,
  bets: single,
  halfBackOnZero: false,
  rtp: fraction(36, 37),
  mathematics: { wheel: 37, bets: written(single), pays: '36/n' },
})

/** Two zeros, every bet returns 36/38 but the basket, which returns 35/38. */
export const rouletteAmerican = roulette({
  id: 'roulette-american',
  name: 'American Roulette',
  wheel: american,
  bets: double,
  halfBackOnZero: false,
  rtp: fraction(36, 38),
  mathematics: { wheel: 38, bets: written(double), pays: '36/n, basket 7' },
})

/** One zero; the even chances return 73/74 by la partage, every other bet 36/37. */
export const rouletteFrench = roulette({
  id: 'roulette-french',
  name: 'French Roulette',
  wheel: oneZero,
  bets: single,
  halfBackOnZero: true,
  rtp: fraction(73, 74),
  mathematics: { wheel: 37, bets: written(single), pays: '36/n, half of even chances on 0' },
})

function roulette(table: Roulette): Game<Chips> {
  const pockets = table.wheel.length
  const step = (on: string) => (table.halfBackOnZero && evenChances.includes(on) ? 2n : 1n)
  const limits: Table = {
    bets: new Map([...table.bets.keys()].map((on) => [on, { min: chipMin, max: chipMax, step: step(on) }])),
    max: tableMax,
    count: chipsMax,
  }
  const winsOf = ({ chips }: Chips, number: number) =>
    chips.map(({ on, amount }) => returned(table, on, amount, number))
  const returns = (choice: Chips) => table.wheel.map((number) => [1n, totalOfWins(winsOf(choice, number))] as const)
  return {
    id: table.id,
    name: table.name,
    kind: 'table',
    page: 'roulette',
    version: versionOf(table.mathematics),
    rtp: table.rtp,
    stakeMin: chipMin,
    stakeMax: tableMax,
    winMax: 36n * tableMax,
    sheet: {
      wheel: table.wheel,
      bets: Object.fromEntries(written(table.bets)),
      pays: { 1: 35, 2: 17, 3: 11, 4: 8, ...(table.bets === double ? { 5: 6 } : {}), 6: 5, 12: 2, 18: 1 },
      halfBackOnZero: table.halfBackOnZero,
    },
    rules: rulesOf(table),
    sample: { bets: [{ on: 'black', amount: '1.00' }] },
    readChoice: (input, currency) => readChips(input, currency, limits),
    stakeOf: stakeOfChips,
    play(choice, draws) {
      const number = draws(pockets, 'wheel')
      const wins = winsOf(choice, number)
      const colour = number === 0 || number === doubleZero ? 'green' : isRed(number) ? 'red' : 'black'
      const outcome: RouletteOutcome = { number, colour, wins: wins.map(String) }
      return { outcome, win: totalOfWins(wins) }
    },
    returns,
    spread: (choice) => spreadOf(returns(choice)),
    writeChoice: writeChips,
    reviveChoice: reviveChips,
  }
}

/** What a chip brings back, its stake included. */
function returned({ bets, halfBackOnZero }: Roulette, on: string, amount: bigint, number: number): bigint {
  const numbers = bets.get(on)!
  if (numbers.has(number)) return amount * (numbers.size === 5 ? basketTimes : BigInt(36 / numbers.size))
  return halfBackOnZero && number === 0 && evenChances.includes(on) ? amount / 2n : 0n
}
