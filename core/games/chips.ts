import { type Currency, showMoney } from '#base'
import { choiceInvalid, stakeOutOfBounds } from './errors.ts'
import { fieldsOf, readStake, type StakeBounds } from './stake.ts'

/** An amount on a bet of a table, in minor units. */
type Chip = { on: string; amount: bigint }

/** What lies on a table when no more bets are taken. */
export type Chips = { chips: Chip[] }

export type Table = {
  /** Of each bet by name, what may lie on it. */
  bets: ReadonlyMap<string, StakeBounds>
  /** In one round, on all bets together. */
  max: bigint
  /** So many bets at most in one round. */
  count: number
}

/**
 * Reads `{bets: [{on, amount}, …]}`, each bet named once.
 *
 * @throws Refusal `games.choice_invalid`, `games.stake_out_of_bounds`, and those of `readPositiveMoney`
 */
export function readChips(input: unknown, currency: Currency, table: Table): Chips {
  const { bets: placed } = fieldsOf(input, ['bets'])
  if (!Array.isArray(placed) || placed.length === 0) throw choiceInvalid('Place at least one chip.')
  if (placed.length > table.count) throw choiceInvalid(`At most ${table.count} bets per round.`)
  const chips = placed.map((each) => {
    const { on, amount } = fieldsOf(each, ['on', 'amount'])
    const bounds = typeof on === 'string' ? table.bets.get(on) : undefined
    if (!bounds) throw choiceInvalid(`There is no bet "${String(on).slice(0, 40)}" on this table.`)
    return { on: on as string, amount: readStake(amount, currency, bounds) }
  })
  if (new Set(chips.map(({ on }) => on)).size !== chips.length) throw choiceInvalid('Name each bet once.')
  if (stakeOfChips({ chips }) > table.max)
    throw stakeOutOfBounds(`The table takes at most ${showMoney({ amount: table.max, currency }).amount} ${currency}.`)
  return { chips }
}

export function stakeOfChips({ chips }: Chips): bigint {
  return chips.reduce((sum, { amount }) => sum + amount, 0n)
}

/** What came back on all of them. */
export function totalOfWins(wins: readonly bigint[]): bigint {
  return wins.reduce((sum, win) => sum + win, 0n)
}

export function writeChips({ chips }: Chips): string {
  return JSON.stringify({ chips: chips.map(({ on, amount }) => [on, amount.toString()]) })
}

export function reviveChips(text: string): Chips {
  const { chips } = JSON.parse(text) as { chips: Array<[string, string]> }
  return { chips: chips.map(([on, amount]) => ({ on, amount: BigInt(amount) })) }
}
