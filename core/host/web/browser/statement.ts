import { get } from './api.ts'
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

export type Statement = {
  lines: Line[]
  before: string | null
  opening: { cash: Money; held: Money; at: string } | null
}

const pageLength = 50

/** What the form over the statement lets through, as the API takes it. Days are the reader's own; the last one counts whole. */
export function filterOf(form: HTMLFormElement): URLSearchParams {
  const fields = Object.fromEntries(new FormData(form)) as { kinds: string; from: string; to: string }
  const filter = new URLSearchParams()
  if (fields.kinds) filter.set('kinds', fields.kinds)
  if (fields.from) filter.set('from', startOfDay(fields.from, 0))
  if (fields.to) filter.set('until', startOfDay(fields.to, 1))
  return filter
}

/** The same days for what the house sums by days of UTC. */
export function daysOf(form: HTMLFormElement): URLSearchParams {
  const { from, to } = Object.fromEntries(new FormData(form)) as { from: string; to: string }
  return new URLSearchParams({ ...(from ? { from } : {}), ...(to ? { to } : {}) })
}

/** A page with something in it, or the last: a page may be empty while there is more behind it. */
export async function readStatement(filter: URLSearchParams, before: string | null): Promise<Statement> {
  const query = new URLSearchParams(filter)
  query.set('limit', String(pageLength))
  for (let cursor = before; ; ) {
    if (cursor !== null) query.set('before', cursor)
    const page = await get<Statement>(`/api/statement?${query}`)
    if (page.lines.length > 0 || page.before === null) return page
    cursor = page.before
  }
}

function startOfDay(date: string, daysLater: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number)
  return new Date(year, month - 1, day + daysLater).toISOString()
}

/** What is said under the last line when older ones are archived. */
export function drawOpening({ cash, at }: NonNullable<Statement['opening']>): HTMLElement {
  return make('p', { class: 'fine' }, `Movements up to ${when(at)} are archived; your balance then was ${show(cash)}.`)
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
  const note = changeOf(line) === 0n ? [make('small', {}, `${show(line.amount)} from what was set aside`)] : []
  if (!/^round\b/.test(line.kind)) return [kindName(line.kind), ...note]
  const name = line.kind !== 'round' ? kindName(line.kind) : line.target === 'cash' ? 'Return' : 'Stake'
  return [`${name}, `, linkTo(line), ...note]
}

/** A round of several steps is named by what took its first stake, and what follows refers to it by that name. */
function linkTo({ reference, transfer }: Line): HTMLElement {
  const round = reference ?? `rnd_${transfer}`
  return make('a', { href: `/history#${round}` }, round.replace('rnd_', 'round '))
}
