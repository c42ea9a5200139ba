import { get, send } from './api.ts'
import { attended } from './attendance.ts'
import { openAudit } from './desk-audit.ts'
import { paintBooks } from './desk-books.ts'
import { openClients, paintClients } from './desk-clients.ts'
import { openEnrolling } from './desk-enrol.ts'
import { paintErasures } from './desk-erasures.ts'
import { paintGames } from './desk-games.ts'
import { badge, code, fill, table } from './desk-parts.ts'
import { openPasskeys, paintPasskeys } from './desk-passkeys.ts'
import { openPlayer } from './desk-player.ts'
import { watchBooks } from './desk-proof.ts'
import { openAsking, paintProposals } from './desk-proposals.ts'
import { paintQueue } from './desk-queue.ts'
import { openRoundsFile } from './desk-rounds.ts'
import { paintStaff, watchEmergencies } from './desk-staff.ts'
import { act, byId, make } from './elements.ts'
import { answer } from './form.ts'
import { type Money, show } from './money.ts'
import { when } from './words.ts'

type Player = { player: string; status: string; country: string; currency: string; registeredAt: string }
type Payment = { id: string; state: string; amount: Money; player: string; requestedAt: string }

const pollMs = 3000

const permissions = new Set((await get<{ permissions: string[] }>('/api/me')).permissions)
/** A part is on the page where its person may open it; the server decides that. */
const isHere = (section: string) => document.getElementById(section) !== null
const audit = isHere('audit') ? await openAudit(permissions.has('audit.unmask')) : async () => {}
const parts = [
  { section: 'queue', paint: queue },
  { section: 'proposals', paint: () => paintProposals(paint) },
  { section: 'players', paint: () => players('') },
  { section: 'payments', paint: payments },
  { section: 'erasures', paint: () => paintErasures(permissions, paint) },
  { section: 'books', paint: () => paintBooks() },
  { section: 'games', paint: () => paintGames(permissions, paint) },
  { section: 'clients', paint: () => paintClients(permissions, paint) },
  { section: 'staff', paint: () => paintStaff(permissions, paint) },
  { section: 'audit', paint: audit },
  { section: 'passkeys', paint: () => paintPasskeys() },
].filter(({ section }) => isHere(section))

byId('sign-out').addEventListener('click', async () => {
  await send('/api/sessions/current', undefined, 'DELETE').catch(() => {})
  location.assign('/sign-in')
})
const find = document.getElementById('find')
if (find instanceof HTMLFormElement)
  answer(find, () => void players(String(new FormData(find).get('email') ?? '').trim()))
document.addEventListener('changed', () => void paint())
openEnrolling(paint) // before anything is waited for: who is quick finds buttons that do something
openClients(paint)
openPasskeys()
openRoundsFile()
await Promise.all([openAsking(paint), paint()])
await watchBooks(attended)
await watchEmergencies(attended, permissions)
setInterval(() => {
  if (!attended()) return
  if (isHere('queue')) void queue()
  void paintProposals(paint)
}, pollMs)

async function paint(): Promise<void> {
  await Promise.all(parts.map((part) => part.paint()))
}

function open(player: string): void {
  void openPlayer(player, permissions, paint).then(audit)
}

async function queue(): Promise<void> {
  await paintQueue(open, paint, permissions.has('payments.approve'))
}

async function players(email: string): Promise<void> {
  await fill('players', async () => {
    const found = await get<{ players: Player[] }>(
      `/api/players?limit=20${email ? `&email=${encodeURIComponent(email)}` : ''}`,
    )
    return table(
      ['Player', 'Status', 'Country', 'Registered'],
      found.players.map(({ player, status, country, registeredAt }) => [
        link(player),
        badge(status),
        country,
        when(registeredAt),
      ]),
      email
        ? `Nobody is registered with ${email}. The whole address is needed; it is not searched in parts.`
        : 'Nobody has registered yet.',
    )
  })
}

async function payments(): Promise<void> {
  await fill('payments', async () => {
    const [{ deposits }, { withdrawals }] = await Promise.all([
      get<{ deposits: Payment[] }>('/api/deposits?limit=20'),
      get<{ withdrawals: Payment[] }>('/api/withdrawals?limit=20'),
    ])
    const rows = [
      ...deposits.map((payment) => ({ what: 'Deposit', payment })),
      ...withdrawals.map((payment) => ({ what: 'Withdrawal', payment })),
    ]
      .sort((one, other) => Date.parse(other.payment.requestedAt) - Date.parse(one.payment.requestedAt))
      .slice(0, 20)
    return table(
      ['When', 'What', 'Player', 'State', 'Amount'],
      rows.map(({ what, payment }) => [
        when(payment.requestedAt),
        make('span', {}, what, ' ', code(payment.id)),
        link(payment.player),
        badge(payment.state),
        show(payment.amount),
      ]),
      'No money has moved yet. Deposits appear here as soon as a player begins one.',
    )
  })
}

function link(player: string): HTMLElement {
  return act(player, { class: 'link', title: 'Open this player' }, () => open(player))
}
