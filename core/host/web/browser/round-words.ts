import { type Money, moneyOf, show } from './money.ts'
import { betName, capital } from './words.ts'

/** What is recorded of a round, in words: of every game, whatever its choice and outcome are made of. */
type Recorded = { choice: Record<string, unknown>; outcome: Record<string, unknown>; stake: Money }
type Draw = readonly [purpose: string, range: number, value: number]
type Chips = Array<[on: string, amount: string]>

/** Reels are drawn together; a row of draws is as long as a spin of five. */
const rowMax = 5

export function choiceWords({ choice, stake }: Recorded): string {
  const { chips, stake: _, ...rest } = choice
  if (chips)
    return (chips as Chips).map(([on, amount]) => `${betName(on)} ${moneyOf(BigInt(amount), stake).amount}`).join(', ')
  return [show(stake), ...plain(rest)].join(', ')
}

export function outcomeWords({ choice, outcome, stake }: Recorded): string {
  const { number, colour, wins, free, base, ...rest } = outcome
  if (number !== undefined)
    return `${number === 37 ? '00' : number} ${colour}; ${returned(choice, wins as string[], stake)}`
  if (base === undefined) return plain(outcome).join(', ')
  const count = (free as object[]).length
  const brought = ['hold', 'pick', 'gamble'].filter((part) => part in rest)
  return [count > 0 ? `A spin and ${count} free spins` : 'One spin', ...brought].join(', ')
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

function returned(choice: Record<string, unknown>, wins: readonly string[], stake: Money): string {
  const chips = (choice.chips ?? []) as Chips
  const won = wins.flatMap((win, index) =>
    win === '0' ? [] : [`${betName(chips[index]?.[0] ?? '')} returned ${moneyOf(BigInt(win), stake).amount}`],
  )
  return won.length > 0 ? won.join(', ') : 'no bet returned'
}

/** Names and values of a record; what has parts of its own is told by them. */
function plain(record: object): string[] {
  return Object.entries(record).flatMap(([name, value]): string[] => {
    if (value === null || value === undefined) return []
    if (Array.isArray(value))
      return value.some((each) => typeof each === 'object') ? [] : [`${name} ${value.join(' ')}`]
    if (typeof value === 'object') return plain(value)
    return [typeof value === 'boolean' ? `${name} ${value ? 'yes' : 'no'}` : `${name} ${value}`]
  })
}
