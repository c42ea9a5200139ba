import { type Currency, readPositiveMoney, showMoney } from '#base'
import { choiceInvalid, stakeOutOfBounds } from '../../errors.ts'
import { fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { bets, isRed } from './bets.ts'

type Chip = { on: string; amount: bigint }
type Choice = { chips: Chip[] }

const chipMin = 10n
const chipMax = 50_000n
const tableMax = 200_000n
const chipsMax = 60

/** European roulette: one zero, every bet returns 36/37. */
export const rouletteEuropean: Game<Choice> = {
  id: 'roulette-european',
  name: 'European Roulette',
  kind: 'table',
  page: 'roulette',
  version: versionOf({ wheel: 37, bets: [...bets].map(([name, numbers]) => [name, [...numbers]]), pays: '36/n' }),
  rtp: fraction(36, 37),
  stakeMin: chipMin,
  stakeMax: tableMax,
  winMax: 36n * tableMax,
  sheet: {
    wheel: [
      0, 32, 15, 19, 4, 21, 2, 25, 17, 34, 6, 27, 13, 36, 11, 30, 8, 23, 10, 5, 24, 16, 33, 1, 20, 14, 31, 9, 22, 18,
      29, 7, 28, 12, 35, 3, 26,
    ],
    bets: Object.fromEntries([...bets].map(([name, numbers]) => [name, [...numbers]])),
    pays: { 1: 35, 2: 17, 3: 11, 4: 8, 6: 5, 12: 2, 18: 1 },
  },
  rules: {
    en: [
      'Place chips on the table, then spin. The ball falls into one of 37 pockets, 0 to 36, each equally likely.',
      'A bet on n numbers pays 36/n - 1 to 1: straight 35, split 17, street 11, corner 8, six line 5, dozen and column 2, even chances 1.',
      'When 0 falls, bets on red, black, odd, even, low, high, dozens and columns lose.',
      'The theoretical return to the player is 36/37 for every bet, computed from the pockets; no strategy changes it.',
      'A round that was interrupted is settled by the server; you find it in your history.',
    ],
  },
  sample: { bets: [{ on: 'black', amount: '1.00' }] },
  readChoice,
  stakeOf: ({ chips }) => chips.reduce((sum, chip) => sum + chip.amount, 0n),
  play({ chips }, draws) {
    const number = draws(37, 'wheel')
    const wins = chips.map((chip) => winOf(chip, number))
    return {
      outcome: { number, colour: number === 0 ? 'green' : isRed(number) ? 'red' : 'black', wins: wins.map(String) },
      win: wins.reduce((sum, win) => sum + win, 0n),
    }
  },
  writeChoice: ({ chips }) => JSON.stringify({ chips: chips.map(({ on, amount }) => [on, amount.toString()]) }),
  reviveChoice(text) {
    const { chips } = JSON.parse(text) as { chips: Array<[string, string]> }
    return { chips: chips.map(([on, amount]) => ({ on, amount: BigInt(amount) })) }
  },
}

/** What a chip brings back, its stake included. */
function winOf({ on, amount }: Chip, number: number): bigint {
  const numbers = bets.get(on)!
  return numbers.has(number) ? amount * BigInt(36 / numbers.size) : 0n
}

function readChoice(input: unknown, currency: Currency): Choice {
  const { bets: placed } = (input ?? {}) as { bets?: Array<{ on: string; amount: string }> }
  if (!Array.isArray(placed) || placed.length === 0) throw choiceInvalid('Place at least one chip.')
  if (placed.length > chipsMax) throw choiceInvalid(`At most ${chipsMax} bets per spin.`)
  const chips = placed.map(({ on, amount }) => {
    if (typeof on !== 'string' || !bets.has(on))
      throw choiceInvalid(`There is no bet "${String(on).slice(0, 40)}" on this table.`)
    const chip = { on, amount: readPositiveMoney({ amount, currency }).amount }
    if (chip.amount < chipMin || chip.amount > chipMax)
      throw stakeOutOfBounds(
        `A bet is between ${showMoney({ amount: chipMin, currency }).amount} and ${showMoney({ amount: chipMax, currency }).amount} ${currency}.`,
      )
    return chip
  })
  if (new Set(chips.map((chip) => chip.on)).size !== chips.length) throw choiceInvalid('Name each bet once.')
  if (chips.reduce((sum, chip) => sum + chip.amount, 0n) > tableMax)
    throw stakeOutOfBounds(
      `The table takes at most ${showMoney({ amount: tableMax, currency }).amount} ${currency} per spin.`,
    )
  return { chips }
}
