import { get, send } from './api.ts'
import { asking, badge, type Cell, fill, openDialog, table, tell } from './desk-parts.ts'
import { act, facts, make } from './elements.ts'
import { when } from './words.ts'

type Request = { player: string; askedAt: string; dueAt: string }
type Kept = { purpose: string; until: string; why: string }
type Erasure = {
  player: string
  status: string
  askedAt: string | null
  decidedAt: string | null
  doneAt: string | null
  erases: string[]
  keeps: Kept[]
}

const data: Record<string, string> = {
  contact: 'E-mail address, messages',
  credentials: 'What they sign in with',
  marketing: 'What they wanted to hear',
  identity: 'Name, birth, residence',
  kyc: 'Proofs of identity',
  payment: 'Cards, what gateways told',
  audit: 'Personal part of the log',
}
const dayOf = (at: string) => at.slice(0, 10)
/** A day that stays on one line. */
const shownDay = (at: string) => dayOf(at).replaceAll('-', '\u2011')
const nameOf = (purpose: string) => data[purpose] ?? purpose

/** Who asked to be erased and waits for an answer, the oldest first. */
export async function paintErasures(permissions: ReadonlySet<string>, after: () => Promise<void>): Promise<void> {
  await fill('erasures', async () => {
    const { requests } = await get<{ requests: Request[] }>('/api/erasure-requests')
    const rows = requests.map(({ player, askedAt, dueAt }): Cell[] => [
      when(askedAt),
      Date.parse(dueAt) < Date.now() ? make('span', {}, shownDay(dueAt), ' ', badge('late')) : shownDay(dueAt),
      player,
      act(
        'Look',
        { 'aria-label': `Look at the erasure of ${player}` },
        () => void openErasure(player, permissions, after),
      ),
    ])
    return table(['Asked', 'Answer due', 'Player', ''], rows, 'Nobody waits to be erased.')
  })
}

/** What goes, what is kept, until when and why; and the steps there: close, ask for it, or answer otherwise. */
export async function openErasure(
  player: string,
  permissions: ReadonlySet<string>,
  after: () => Promise<void>,
): Promise<void> {
  const erasure = await get<Erasure>(`/api/players/${player}/erasure`)
  const close = openDialog(
    `Erasure of ${player}`,
    'event',
    make('h2', {}, 'Erasure'),
    facts([
      ['Player', player],
      ['State', badge(erasure.status)],
      ['Asked', when(erasure.askedAt) || 'Not by the player'],
      ['Decided', when(erasure.decidedAt) || 'Not yet'],
      ...(erasure.doneAt ? [['Nothing is left since', when(erasure.doneAt)] as const] : []),
    ]),
    ...wordsOn(erasure),
    ...steps(),
    make(
      'div',
      { class: 'decision' },
      act('Back', {}, () => close()),
    ),
  )

  function steps(): HTMLElement[] {
    const { status, decidedAt, askedAt } = erasure
    const found: HTMLElement[] = []
    if (permissions.has('players.suspend') && (status === 'active' || status === 'suspended'))
      found.push(
        step('closure', 'Close the account', async (reason) => {
          await send(`/api/players/${player}/closure`, { reason })
          return 'The account is closed.'
        }),
      )
    if (permissions.has('erasures.propose') && status === 'closed' && !decidedAt)
      found.push(
        step('erase', 'Ask for the erasure', async (reason) => {
          await send('/api/proposals', { act: 'privacy.erase', payload: agreed(), reason })
          return 'The erasure waits for somebody else’s approval.'
        }),
      )
    if (permissions.has('players.suspend') && askedAt && !decidedAt)
      found.push(
        step('erasure-answer', 'It was answered otherwise', async (reason) => {
          await send(`/api/players/${player}/erasure-answer`, { reason })
          return 'Noted.'
        }),
      )
    return found
  }

  function step(id: string, text: string, work: (reason: string) => Promise<string>): HTMLElement {
    return asking(id, text, 'Why', async (reason) => {
      const words = await work(reason)
      close()
      await after() // so that who reads the words sees what they say
      tell(words)
    })
  }

  /** Exactly what is shown here. */
  function agreed() {
    const { erases, keeps } = erasure
    return { player, erases, keeps: keeps.map(({ purpose, until }) => ({ purpose, until: dayOf(until) })) }
  }
}

function wordsOn({ status, decidedAt, doneAt, erases, keeps }: Erasure): HTMLElement[] {
  if (status !== 'closed')
    return [make('p', { class: 'note' }, 'An account is closed before it is erased, and has no money in it then.')]
  if (doneAt) return [make('p', { class: 'note' }, 'Everything of this player is erased.')]
  const rows = keeps.map(({ purpose, until, why }) => [nameOf(purpose), shownDay(until), why])
  const goes = decidedAt ? [] : [['Goes at once', erases.map(nameOf).join('; ') || 'Nothing yet', 'wide'] as const]
  return [facts(goes), make('h3', {}, 'Kept'), table(['What', 'Until', 'Why'], rows, 'Nothing is kept.')]
}
