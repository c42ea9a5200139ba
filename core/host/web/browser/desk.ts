import { byId, get, type Money, make, Problem, send, show } from './api.ts'

type Row = Record<string, unknown>
byId('sign-out').addEventListener('click', async () => {
  await send('/api/sessions/current', undefined, 'DELETE').catch(() => {})
  location.assign('/sign-in')
})
byId('find').addEventListener('submit', (event) => {
  event.preventDefault()
  void players(String(new FormData(event.target as HTMLFormElement).get('email') ?? ''))
})
setInterval(() => void withdrawals(), 3000)
await Promise.all([withdrawals(), players(''), deposits(), audit()])

async function withdrawals(): Promise<void> {
  await fill('withdrawals', async () => {
    const { withdrawals: waiting } = await get<{ withdrawals: Row[] }>('/api/withdrawals?state=requested')
    return table(
      ['When', 'Player', 'Amount', 'Decision'],
      waiting.map((row) => [
        when(row.requestedAt ?? row.at),
        String(row.player),
        show(row.amount as Money),
        decision(row),
      ]),
    )
  })
}

function decision(row: Row): HTMLElement {
  const id = String(row.id ?? row.withdrawal)
  const reason = make('input', { placeholder: 'Reason', 'aria-label': 'Reason', 'data-for': id }) as HTMLInputElement
  const act = (text: string, path: string, classes: string) => {
    const button = make('button', { class: classes }, text)
    button.addEventListener('click', async () => {
      try {
        await send(`/api/withdrawals/${id}/${path}`, { reason: reason.value })
        await Promise.all([withdrawals(), audit()])
      } catch (error) {
        reason.setCustomValidity(error instanceof Problem ? error.message : 'not reachable')
        reason.reportValidity()
      }
    })
    return button
  }
  return make(
    'span',
    { class: 'decision' },
    reason,
    act('Approve', 'approval', 'primary'),
    act('Reject', 'rejection', ''),
  )
}

async function players(email: string): Promise<void> {
  await fill('players', async () => {
    const found = await get<{ players: Row[] }>(
      `/api/players?limit=20${email ? `&email=${encodeURIComponent(email)}` : ''}`,
    )
    return table(
      ['Player', 'Status', 'Country', 'Registered', ''],
      found.players.map((row) => {
        const open = make('button', {}, 'Open')
        open.addEventListener('click', () => void player(String(row.player)))
        return [String(row.player), String(row.status), String(row.country), when(row.registeredAt), open]
      }),
    )
  })
}

async function player(id: string): Promise<void> {
  await fill('player', async () => {
    const found = await get<Row>(`/api/players/${id}`)
    return make(
      'dl',
      {},
      ...Object.entries(found).flatMap(([name, value]) => [
        make('dt', {}, name),
        make('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
      ]),
    )
  })
}

async function deposits(): Promise<void> {
  await fill('deposits', async () => {
    const found = await get<{ deposits: Row[] }>('/api/deposits')
    return table(
      ['When', 'Player', 'Amount', 'State'],
      found.deposits.map((row) => [
        when(row.at ?? row.requestedAt ?? row.createdAt),
        String(row.player),
        show(row.amount as Money),
        String(row.state),
      ]),
    )
  })
}

async function audit(): Promise<void> {
  await fill('audit', async () => {
    const { records } = await get<{ records: Row[] }>('/api/audit?limit=30')
    return table(
      ['No', 'When', 'Who', 'What', 'On', 'Why'],
      records.map((row) => [
        String(row.seq),
        when(row.at),
        String(row.actor),
        String(row.action),
        String(row.subject),
        String(row.reason),
      ]),
    )
  })
}

async function fill(id: string, work: () => Promise<HTMLElement>): Promise<void> {
  if (byId(id).contains(document.activeElement) && document.activeElement instanceof HTMLInputElement) return // do not take away what is being typed
  byId(id).replaceChildren(
    await work().catch((error: unknown) =>
      make('p', { class: 'problem' }, error instanceof Problem ? error.message : 'not reachable'),
    ),
  )
}

function table(head: string[], rows: Array<Array<string | HTMLElement>>): HTMLElement {
  if (rows.length === 0) return make('p', { class: 'fine' }, 'Nothing here.')
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell) => make('td', {}, cell))))),
  )
}

function when(at: unknown): string {
  return at ? new Date(String(at)).toLocaleString('en-GB') : ''
}
