import './account.ts'
import { get, send } from './api.ts'
import { byId, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { show } from './money.ts'
import { when } from './words.ts'

type Limit = {
  period: string
  amount: string | null
  used: string
  imposed: string | null
  next?: { amount: string | null; from: string }
}

await paint()

async function paint(): Promise<void> {
  const { limits, currency } = await get<{ limits: Limit[]; currency: string }>('/api/limits')
  byId('limits').replaceChildren(...limits.map((limit) => card(limit, currency)))
}

function card(limit: Limit, currency: string): HTMLElement {
  const input = make('input', {
    name: 'amount',
    inputmode: 'decimal',
    value: limit.amount ?? '',
    placeholder: 'No limit',
    'aria-label': `Deposit limit per ${limit.period}`,
    'data-hint': 'An amount such as 50.00, or nothing for no limit.',
  })
  const notes = [`${limit.used} ${currency} used${limit.amount ? ` of ${limit.amount} ${currency}` : ''}`]
  if (limit.imposed) notes.push(`The casino has set ${limit.imposed} ${currency} besides; the tighter limit decides`)
  if (limit.next)
    notes.push(
      `From ${when(limit.next.from)}: ${limit.next.amount ? show({ amount: limit.next.amount, currency }) : 'no limit'}`,
    )
  const form = make(
    'form',
    { class: 'card', 'data-period': limit.period, novalidate: '' },
    make('h2', {}, `Deposits per ${limit.period}`),
    make('div', { class: 'field' }, input, make('p', { class: 'field-problem', role: 'alert' })),
    ...(limit.amount ? [gauge(limit.used, limit.amount)] : []),
    ...notes.map((text) => make('p', { class: 'fine' }, text)),
    make('p', { class: 'problem', role: 'alert' }),
    make('button', {}, 'Set'),
  ) as HTMLFormElement
  onSubmit(form, async (fields) => {
    const amount = fields.amount?.trim() ?? ''
    await send(`/api/limits/${limit.period}`, { amount: amount === '' ? null : amount }, 'PUT')
    await paint()
  })
  return form
}

function gauge(used: string, amount: string): HTMLElement {
  return make('meter', { min: '0', max: amount, value: used, 'aria-label': 'Used of this limit' })
}
