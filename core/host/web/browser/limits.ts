import './account.ts'
import { byId, get, make, Problem, send } from './api.ts'

type Limit = { period: string; amount: string | null; used: string; next?: { amount: string | null; from: string } }

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
    placeholder: 'no limit',
    'aria-label': `Deposit limit per ${limit.period}`,
  }) as HTMLInputElement
  const problem = make('p', { class: 'problem', role: 'alert' })
  const form = make(
    'form',
    { class: 'card', 'data-period': limit.period },
    make('h2', {}, `Deposits per ${limit.period}`),
    input,
    make('p', { class: 'fine' }, `${limit.used} ${currency} used`),
    ...(limit.next
      ? [
          make(
            'p',
            { class: 'fine' },
            `${limit.next.amount ?? 'No limit'} from ${new Date(limit.next.from).toLocaleString('en-GB')}`,
          ),
        ]
      : []),
    problem,
    make('button', {}, 'Set'),
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    try {
      await send(
        `/api/limits/${limit.period}`,
        { amount: input.value.trim() === '' ? null : input.value.trim() },
        'PUT',
      )
      await paint()
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : 'The casino cannot be reached at the moment.'
    }
  })
  return form
}
