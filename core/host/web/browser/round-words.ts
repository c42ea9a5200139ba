import { type Money, minorOf, moneyOf, show } from './money.ts'
import { betName, capital, when } from './words.ts'

/** What is recorded of a round, in words: of every game, whatever its choice and outcome are made of. */
type Recorded = { choice: Record<string, unknown>; outcome: Record<string, unknown>; stake: Money }
type Draw = readonly [purpose: string, range: number, value: number]
type Chips = Array<[on: string, amount: string]>

/** One step of a round, in the order they came; the first is the beginning. */
export type Step = {
  at: string
  move: unknown
  by: 'player' | 'platform'
  stake: Money
  outcome: Record<string, unknown>
}

/** What of a round was incentive or jackpot money, and what else it cost; null where that month of the books is archived. */
export type Parts = Record<'stakedOfIncentives' | 'wonOfIncentives' | 'wonOfJackpots' | 'toJackpots', Money | null> & {
  purchases: Money
  fees: Money
  advice: readonly string[]
}

/** Reels are drawn together; a row of draws is as long as a spin of five. */
const rowMax = 5

export function choiceWords({ choice, stake }: Recorded): string {
  const { chips, stake: _, ...rest } = choice
  if (chips)
    return (chips as Chips).map(([on, amount]) => `${betName(on)} ${moneyOf(BigInt(amount), stake).amount}`).join(', ')
  return [show(stake), ...plain(rest, stake)].join(', ')
}

export function outcomeWords({ choice, outcome, stake }: Recorded): string {
  const { number, colour, wins, free, base, ...rest } = outcome
  if (number !== undefined)
    return `${number === 37 ? '00' : number} ${colour}; ${returned(choice, wins as string[], stake)}`
  if (base === undefined) return plain(outcome, stake).join(', ')
  const count = (free as object[]).length
  const brought = ['hold', 'pick', 'gamble'].filter((part) => part in rest)
  return [count > 0 ? `A spin and ${count} free spins` : 'One spin', ...brought].join(', ')
}

/** How a round came out, in a line: one that waits has its stake set aside. */
export function endWords({ status, stake, win }: { status: string; stake: Money; win: Money }): string {
  if (status === 'open') return `waits to be finished, ${show(stake)} set aside`
  if (status === 'voided') return `not finished, ${show(stake)} given back`
  return `staked ${show(stake)}, returned ${show(win)}`
}

/** Of a round that could not be finished. */
export function voidedWords({ stake }: Pick<Recorded, 'stake'>): string {
  return `This round could not be finished. The ${show(stake)} that you staked went back to your balance.`
}

/** What was decided in a step, by whom, and what it came to [GLI-4.14.3] [GLI-4.16.3c-iii]. */
export function stepWords(
  { at, move, by, stake, outcome }: Step,
  { choice, status }: Pick<Recorded, 'choice'> & { status: string },
  isLast: boolean,
): string {
  const decided =
    move === null ? 'The round began' : `${by === 'player' ? 'You' : 'The rules, for you'}: ${moveWords(move, stake)}`
  const over = isLast && status === 'settled' ? 'it was over' : undefined
  const came = [outcomeWords({ choice, outcome, stake }), `staked ${show(stake)}`, ...(over ? [over] : [])]
  return `${when(at)}. ${decided}; ${came.filter(Boolean).join('; ')}`
}

/** What of stake and win was not the player's own money, and what a round cost besides its stake, each with its name. */
export function partsWords(parts: Parts): Array<[name: string, words: string]> {
  const archived = 'archived with the books of that month'
  const told = (...amounts: Array<[amount: Money | null, words: string]>) =>
    amounts.every(([amount]) => amount === null)
      ? archived
      : amounts
          .map(([amount, words]) =>
            amount === null ? archived : `${minorOf(amount) === 0n ? 'none' : show(amount)} ${words}`,
          )
          .join(', ')
  return [
    ['Incentive money', told([parts.stakedOfIncentives, 'staked'], [parts.wonOfIncentives, 'won'])],
    ['Jackpots', told([parts.wonOfJackpots, 'won'], [parts.toJackpots, 'of the stake to them'])],
    ['Bought besides, fees', told([parts.purchases, 'bought'], [parts.fees, 'in fees'])],
    ['Advice of the house', parts.advice.length === 0 ? 'none' : parts.advice.join(', ')],
  ]
}

/** Draws for the same purpose in a row, each with what it was drawn out of. */
export function drawWords(draws: readonly Draw[]): string[] {
  const rows: Draw[][] = []
  for (const draw of draws) {
    const row = rows.at(-1)
    if (row && row.length < rowMax && row[0]?.[0] === draw[0]) row.push(draw)
    else rows.push([draw])
  }
  return rows.map(rowWords)
}

function rowWords(draws: readonly Draw[]): string {
  const [purpose = '', range = 1] = draws[0] ?? []
  const alike = draws.every(([, of]) => of === range)
  const values = draws.map(([, of, value]) => (alike ? String(value) : `${value} (of 0 to ${of - 1})`)).join(', ')
  return `${capital(purpose)}: ${values}${alike ? `, of 0 to ${range - 1}` : ''}`
}

function moveWords(move: unknown, stake: Money): string {
  const { move: name, ...rest } = move as Record<string, unknown>
  const told = name === undefined || String(name) in rest ? [] : [String(name).replaceAll('-', ' ')]
  return [...told, ...plain(rest, stake)].join(', ')
}

function returned(choice: Record<string, unknown>, wins: readonly string[], stake: Money): string {
  const chips = (choice.chips ?? []) as Chips
  const won = wins.flatMap((win, index) =>
    win === '0' ? [] : [`${betName(chips[index]?.[0] ?? '')} returned ${moneyOf(BigInt(win), stake).amount}`],
  )
  return won.length > 0 ? won.join(', ') : 'no bet returned'
}

/** What choices and outcomes have in hundredths of the stake, but for what parts of them call so. */
const inTimes: ReadonlySet<string> = new Set(['times', 'next', 'reached', 'target'])

/** What outcomes have in minor units, as text. */
const inMoney: ReadonlySet<string> = new Set(['win', 'wins', 'insuranceWin'])
const titles: Readonly<Record<string, string>> = {
  wins: 'returned',
  insuranceWin: 'insurance returned',
  win: 'returned',
}

/** Names and values of a record; what has parts of its own is told by them. */
function plain(record: object, stake: Money, hundredths: ReadonlySet<string> = inTimes): string[] {
  return Object.entries(record).flatMap(([name, value]): string[] => {
    if (value === null || value === undefined) return []
    if (inMoney.has(name)) {
      const amounts = [value].flat().map((minor) => show(moneyOf(BigInt(minor as string), stake)))
      return [`${titles[name]} ${amounts.join(', ') || 'nothing'}`]
    }
    if (hundredths.has(name) && typeof value === 'number') return [`${name} ${value / 100}×`]
    if (Array.isArray(value)) {
      const each = value.map((part) =>
        typeof part === 'object' && part !== null ? plain(part, stake, new Set()).join(', ') : String(part),
      )
      return [`${name} ${each.join(value.some((part) => typeof part === 'object') ? ' / ' : ' ') || 'none'}`]
    }
    if (typeof value === 'object') return plain(value, stake, new Set())
    return [typeof value === 'boolean' ? `${name} ${value ? 'yes' : 'no'}` : `${name} ${value}`]
  })
}
