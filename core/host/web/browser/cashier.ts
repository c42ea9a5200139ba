import { get, send } from './api.ts'
import { byId, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { drawGameTotals, type GameTotal } from './game-totals.ts'
import { type Money, show } from './money.ts'
import { daysOf, drawOpening, drawStatement, filterOf, readStatement, type Statement } from './statement.ts'
import { capital, moodOf, stateName, when } from './words.ts'

type Move = {
  id: string
  state: string
  amount: Money
  reason: string | null
  requestedAt: string
  settledAt: string | null
}
type Card = { id: string; brand: string; last4: string; expiry: string }

const { currency } = await get<{ currency: string }>('/api/me')
const returnedFrom = new URLSearchParams(location.search).get('deposit')
const filterForm = byId('filter') as HTMLFormElement
const forms = { deposit: byId('deposit') as HTMLFormElement, withdraw: byId('withdraw') as HTMLFormElement }
let cards = ''
let earlier: string | null = null
let asked = 0

onSubmit(forms.deposit, async (fields) => {
  const amount = { amount: fields.amount?.trim(), currency }
  const { redirectUrl } = await send<{ redirectUrl: string }>('/api/deposits', { amount })
  location.assign(redirectUrl)
})
onSubmit(forms.withdraw, async (fields) => {
  const amount = { amount: fields.amount?.trim(), currency }
  await send('/api/withdrawals', { amount, instrument: fields.instrument })
  forms.withdraw.reset()
  await paint()
})
for (const preset of forms.deposit.querySelectorAll<HTMLButtonElement>('[data-amount]'))
  preset.addEventListener('click', () => {
    const input = forms.deposit.elements.namedItem('amount') as HTMLInputElement
    input.value = preset.dataset.amount ?? ''
  })
filterForm.addEventListener('change', () => void paint())
byId('earlier').addEventListener('click', () => void paintEarlier())
document.addEventListener('changed', () => void paint())
await paint()
if (returnedFrom) await followReturn(returnedFrom)

async function paint(): Promise<void> {
  const mine = ++asked
  const filter = filterOf(filterForm)
  byId('download').setAttribute('href', `/api/statement.csv?${filter}`)
  const [{ deposits }, { withdrawals }, { instruments }, statement, { games }] = await Promise.all([
    get<{ deposits: Move[] }>('/api/deposits?limit=20'),
    get<{ withdrawals: Move[] }>('/api/withdrawals?limit=20'),
    get<{ instruments: Card[] }>('/api/instruments'),
    readStatement(filter, null),
    get<{ games: GameTotal[] }>(`/api/statement/games?${daysOf(filterForm)}`),
  ])
  if (mine !== asked) return // a later question has the later answer
  const moves = [
    ...withdrawals.map((move) => ({ what: 'Withdrawal', move })),
    ...deposits.map((move) => ({ what: 'Deposit', move })),
  ].sort((one, other) => Date.parse(other.move.requestedAt) - Date.parse(one.move.requestedAt))
  byId('moves').replaceChildren(moves.length > 0 ? moveTable(moves) : nothing('No deposit and no withdrawal yet.'))
  paintCards(instruments)
  byId('by-game').replaceChildren(games.length > 0 ? drawGameTotals(games) : nothing('Nothing was played then.'))
  byId('statement').replaceChildren()
  if (statement.lines.length === 0 && statement.opening === null)
    byId('statement').append(
      nothing(filter.size > 0 ? 'Nothing moved that is like this.' : 'Nothing has moved on your account yet.'),
    )
  append(statement)
}

async function paintEarlier(): Promise<void> {
  const mine = asked
  const page = await readStatement(filterOf(filterForm), earlier)
  if (mine === asked) append(page)
}

function append({ lines, before, opening }: Statement): void {
  earlier = before
  byId('earlier').hidden = before === null
  if (lines.length > 0) byId('statement').append(drawStatement(lines))
  if (opening) byId('statement').append(drawOpening(opening))
}

function moveTable(moves: ReadonlyArray<{ what: string; move: Move }>): HTMLElement {
  const rows = moves.map(({ what, move }) =>
    make(
      'tr',
      { 'data-state': move.state },
      make('td', {}, when(move.requestedAt)),
      make('td', {}, what, ...(move.reason ? [make('small', {}, capital(move.reason.replaceAll('_', ' ')))] : [])),
      make('td', {}, badge(move.state)),
      make('td', { class: 'number' }, show(move.amount)),
    ),
  )
  const head = make('tr', {}, ...['When', 'What', 'State'].map((text) => make('th', { scope: 'col' }, text)))
  head.append(make('th', { scope: 'col', class: 'number' }, 'Amount'))
  return make('table', { class: 'moves' }, make('thead', {}, head), make('tbody', {}, ...rows))
}

function badge(state: string): HTMLElement {
  return make('span', { class: `badge ${moodOf(state)}` }, stateName(state))
}

/** Only when they changed: a choice being made must not be taken away. */
function paintCards(instruments: readonly Card[]): void {
  const next = JSON.stringify(instruments)
  if (next === cards) return
  cards = next
  const options = instruments.map(({ id, brand, last4, expiry }) =>
    make('option', { value: id }, `${brand} ending ${last4}, expires ${expiry}`),
  )
  byId('instrument').replaceChildren(
    ...(options.length > 0 ? options : [make('option', { value: '' }, 'First deposit with a card')]),
  )
}

/** Back from the gateway: says how the deposit stands, until it has ended one way or the other. */
async function followReturn(id: string): Promise<void> {
  const words: Record<string, string> = {
    pending: 'is on its way: we wait for the word of the payment gateway. You can leave this page.',
    credited: 'is credited. You can play, or set your limits first.',
    held: 'arrived and is under review. It is credited once a member of staff has looked at it.',
    failed: 'failed. Nothing was charged to your balance; try again or use another card.',
  }
  for (;;) {
    const deposit = await get<Move>(`/api/deposits/${encodeURIComponent(id)}`)
    const note = byId('returned')
    note.textContent = `Your deposit of ${show(deposit.amount)} ${words[deposit.state] ?? `is ${deposit.state}.`}`
    note.className = `note ${moodOf(deposit.state)}`
    note.dataset.state = deposit.state
    note.hidden = false
    if (deposit.state !== 'pending') break
    await new Promise((resolve) => setTimeout(resolve, 1500))
  }
  document.dispatchEvent(new CustomEvent('changed'))
}

function nothing(text: string): HTMLElement {
  return make('p', { class: 'fine' }, text)
}
