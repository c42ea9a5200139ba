import { byId, get, type Money, make, Problem, send, show } from './api.ts'

type Move = { deposit?: string; withdrawal?: string; state: string; amount: Money }
type Line = { kind: string; amount: Money; at: string; cash: Money }
const { currency } = await get<{ currency: string }>('/api/me')

const forms = { deposit: byId('deposit') as HTMLFormElement, withdraw: byId('withdraw') as HTMLFormElement }
on(forms.deposit, async (fields) => {
  const { redirectUrl } = await send<{ redirectUrl: string }>('/api/deposits', {
    amount: { amount: fields.amount, currency },
  })
  location.assign(redirectUrl)
})
on(forms.withdraw, async (fields) => {
  await send('/api/withdrawals', { amount: { amount: fields.amount, currency }, instrument: fields.instrument })
  await paint()
})
document.addEventListener('changed', () => void paint())
await paint()

async function paint(): Promise<void> {
  const [deposits, withdrawals, { instruments }, statement] = await Promise.all([
    get<{ deposits: Move[] }>('/api/deposits'),
    get<{ withdrawals: Move[] }>('/api/withdrawals'),
    get<{ instruments: Array<Record<string, string>> }>('/api/instruments'),
    get<{ lines: Line[] }>('/api/statement'),
  ])
  const row = (what: string, move: Move) =>
    make(
      'p',
      { 'data-state': move.state },
      make('span', {}, what),
      make('strong', {}, show(move.amount)),
      make('span', { class: 'state' }, move.state.replaceAll('_', ' ')),
    )
  byId('moves').replaceChildren(
    ...withdrawals.withdrawals.map((move) => row('Withdrawal', move)),
    ...deposits.deposits.map((move) => row('Deposit', move)),
  )
  forms.withdraw
    .querySelector('select')
    ?.replaceChildren(
      ...instruments.map((card) =>
        make('option', { value: card.id ?? card.instrument ?? '' }, `${card.brand} ending ${card.last4}`),
      ),
    )
  byId('statement').replaceChildren(
    ...statement.lines.map((line) =>
      make(
        'p',
        {},
        make('span', {}, new Date(line.at).toLocaleString('en-GB')),
        make('span', {}, line.kind),
        make('strong', {}, show(line.amount)),
      ),
    ),
  )
}

function on(form: HTMLFormElement, act: (fields: Record<string, string>) => Promise<void>): void {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const problem = form.querySelector('.problem')
    if (problem) problem.textContent = ''
    try {
      await act(Object.fromEntries(new FormData(form)) as Record<string, string>)
    } catch (error) {
      if (problem)
        problem.textContent = error instanceof Problem ? error.message : 'The casino cannot be reached at the moment.'
    }
  })
}
