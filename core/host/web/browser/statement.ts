import { make } from './elements.ts'
import { type Money, minorOf, moneyOf, show, showSigned } from './money.ts'
import { kindName, when } from './words.ts'

export type Line = {
  transfer: string
  kind: string
  reference: string | null
  source: string
  target: string
  amount: Money
  cash: Money
  held: Money
  at: string
}

/** Each movement with its sign as the player's cash saw it, and what was there afterwards. */
export function drawStatement(lines: readonly Line[]): HTMLElement {
  const head = make(
    'tr',
    {},
    make('th', { scope: 'col' }, 'When'),
    make('th', { scope: 'col' }, 'What'),
    make('th', { scope: 'col', class: 'number' }, 'Change'),
    make('th', { scope: 'col', class: 'number' }, 'Balance'),
  )
  return make('table', { class: 'statement' }, make('thead', {}, head), make('tbody', {}, ...lines.map(row)))
}

function row(line: Line): HTMLElement {
  const change = changeOf(line)
  const held = minorOf(line.held) > 0n ? [make('small', {}, `${show(line.held)} set aside`)] : []
  return make(
    'tr',
    { 'data-kind': line.kind },
    make('td', {}, when(line.at)),
    make('td', {}, ...nameOf(line)),
    make(
      'td',
      { class: `number ${change > 0n ? 'up' : ''}` },
      change === 0n ? '–' : showSigned(moneyOf(change, line.amount)),
    ),
    make('td', { class: 'number' }, show(line.cash), ...held),
  )
}

/** What left the set-aside money for the gateway did not touch the cash. */
function changeOf({ source, target, amount }: Line): bigint {
  if (target === 'cash') return minorOf(amount)
  return source === 'cash' ? -minorOf(amount) : 0n
}

function nameOf(line: Line): Array<Node | string> {
  if (line.kind !== 'round') {
    const note = changeOf(line) === 0n ? `${show(line.amount)} from what was set aside` : ''
    return [kindName(line.kind), ...(note ? [make('small', {}, note)] : [])]
  }
  const round = `rnd_${line.transfer}`
  return [
    line.source === 'cash' ? 'Stake ' : 'Return ',
    make('a', { href: `/history#${round}` }, `round ${line.transfer}`),
  ]
}
