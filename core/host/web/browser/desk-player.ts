import { get, send, wordsOf } from './api.ts'
import { type AuditEvent, auditTable } from './desk-audit.ts'
import { openErasure } from './desk-erasures.ts'
import { badge, code, confirm, table, tell } from './desk-parts.ts'
import { openPlayerRounds } from './desk-player-rounds.ts'
import { act, facts, make } from './elements.ts'
import { answer } from './form.ts'
import { type Money, show } from './money.ts'
import { when } from './words.ts'

type Detail = {
  player: string
  status: string
  country: string
  currency: string
  registeredAt: string
  email: string
  name: string
  dateOfBirth: string
  address: { street: string; city: string; postalCode: string }
  inFull: string[]
  mailBounced: { at: string; status: string } | null
  balance: { cash: Money; bonus: Money; held: Money } | null
}
type Card = { brand: string; last4: string; expiry: string; holder: string }
type Payment = { id: string; state: string; amount: Money; requestedAt: string }

/** One player in a drawer: profile, balance, payments, and what the log says. Opening it is itself written down. */
export async function openPlayer(
  id: string,
  permissions: ReadonlySet<string>,
  after: () => Promise<void>,
): Promise<void> {
  const content = make('div', { class: 'drawer-content' })
  const drawer = make('dialog', { class: 'drawer', 'aria-label': 'Player' }, content) as HTMLDialogElement
  drawer.addEventListener('close', () => drawer.remove())
  drawer.addEventListener('click', (event) => {
    if (event.target === drawer) drawer.close() // beside the drawer
  })
  document.body.append(drawer)
  drawer.showModal()
  await paint()

  async function paint(reason?: string): Promise<void> {
    const close = act('Close', { class: 'close' }, () => drawer.close())
    try {
      const detail = await get<Detail>(`/api/players/${id}${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`)
      content.replaceChildren(
        close,
        ...profile(detail),
        ...(await cards(reason)),
        ...(await payments()),
        ...(await log()),
      )
    } catch (error) {
      content.replaceChildren(close, make('p', { class: 'problem' }, wordsOf(error)))
    }
  }

  function profile(detail: Detail): HTMLElement[] {
    const { address, balance } = detail
    const parts = [
      make('h2', {}, detail.name, ' ', badge(detail.status)),
      make('p', { class: 'fine' }, 'That you opened this player is in the audit log.'),
      ...(balance
        ? [
            make(
              'dl',
              { class: 'balances' },
              ...(
                [
                  ['Cash', balance.cash],
                  ['Bonus', balance.bonus],
                  ['Set aside', balance.held],
                ] as const
              ).map(([name, amount]) => make('div', {}, make('dt', {}, name), make('dd', {}, show(amount)))),
            ),
          ]
        : []),
      facts([
        ['Player', detail.player],
        ['Registered', when(detail.registeredAt)],
        ['E-mail', detail.email],
        ['Date of birth', detail.dateOfBirth],
        ['Address', `${address.street}, ${address.postalCode} ${address.city}`],
        ['Country and currency', `${detail.country}, ${detail.currency}`],
      ]),
    ]
    const mayUnmask = ['contact', 'identity', 'address'].some((field) => permissions.has(`players.unmask_${field}`))
    if (detail.inFull.length === 0 && mayUnmask)
      parts.push(reasoned('unmask', 'Show in full', 'Why you need to see it', async (reason) => paint(reason)))
    if (detail.inFull.length > 0)
      parts.push(
        make(
          'p',
          { class: 'note' },
          `Shown in full: ${detail.inFull.join(', ')}. The reason you gave is in the audit log.`,
        ),
      )
    if (detail.mailBounced) parts.push(...bounced(detail.mailBounced, permissions.has('players.suspend')))
    if (permissions.has('players.suspend')) parts.push(...standing(detail), ...forgotten(detail))
    parts.push(ending())
    if (balance)
      parts.push(
        reasoned('rounds', 'Look at rounds', 'Why you look at the rounds', (reason) =>
          openPlayerRounds(id, reason).catch((error: unknown) => tell(wordsOf(error))),
        ),
        reasoned('rounds-file', 'Download rounds', 'Why you need the rounds', async (reason) => {
          const href = `/api/players/${id}/rounds.csv?reason=${encodeURIComponent(reason)}`
          make('a', { href, download: '' }).click()
        }),
      )
    if (permissions.has('payments.view') && balance)
      parts.push(
        reasoned('statement', 'Download statement', 'Why you need the statement', async (reason) => {
          const href = `/api/players/${id}/statement.csv?reason=${encodeURIComponent(reason)}`
          make('a', { href, download: '' }).click()
        }),
      )
    return parts
  }

  function ending(): HTMLElement {
    const open = act('Closing and erasure', {}, () => {
      drawer.close()
      void openErasure(id, permissions, after)
    })
    return make('div', { class: 'decision' }, open)
  }

  function forgotten({ status }: Detail): HTMLElement[] {
    if (status !== 'active') return []
    const ask = reasoned('password-reset', 'Send a password code', 'Why the player needs one', async (reason) => {
      await send(`/api/players/${id}/password-reset`, { reason })
      tell('A code for a new password is on its way to the player.')
    })
    return [ask]
  }

  function bounced({ at, status }: { at: string; status: string }, mayTrust: boolean): HTMLElement[] {
    const words = `Mail to this address comes back since ${when(at)} (${status}). None is sent until it is changed.`
    const note = make('p', { class: 'note' }, words)
    if (!mayTrust) return [note]
    const again = reasoned('mail-again', 'Send mail again', 'How you know the address is good', async (reason) => {
      await send(`/api/players/${id}/mail-again`, { reason })
      await paint()
    })
    return [note, again]
  }

  function standing({ status, name }: Detail): HTMLElement[] {
    const suspended = status === 'suspended' || status === 'closed'
    if (!suspended && status !== 'active' && status !== 'pending_email') return []
    const [text, path] = suspended ? ['Reinstate', 'reinstatement'] : ['Suspend', 'suspension']
    const words = suspended
      ? 'The player can sign in and play again.'
      : 'The player’s sessions end at once; they cannot sign in until they are reinstated.'
    return [
      reasoned('standing', text, `Why you ${text.toLowerCase()} this player`, async (reason) => {
        confirm(
          { title: `${text} ${name}?`, words: `${words} Reason: “${reason}”.`, button: text, danger: !suspended },
          async () => {
            await send(`/api/players/${id}/${path}`, { reason })
            tell(`${name} is ${suspended ? 'reinstated' : 'suspended'}.`)
            await Promise.all([paint(), after()])
          },
        )
      }),
    ]
  }

  /** In full with the reason that opened the rest, where the role allows it. */
  async function cards(reason?: string): Promise<HTMLElement[]> {
    if (!permissions.has('payments.view')) return []
    const query = reason && permissions.has('payments.unmask') ? `?reason=${encodeURIComponent(reason)}` : ''
    const { instruments } = await get<{ instruments: Card[] }>(`/api/players/${id}/instruments${query}`)
    const rows = instruments.map(({ brand, last4, expiry, holder }) => [brand, `•••• ${last4}`, expiry, holder])
    return [make('h3', {}, 'Cards'), table(['Brand', 'Number', 'Expiry', 'Holder'], rows, 'No card is kept.')]
  }

  async function payments(): Promise<HTMLElement[]> {
    if (!permissions.has('payments.view')) return []
    const [{ deposits }, { withdrawals }] = await Promise.all([
      get<{ deposits: Payment[] }>(`/api/deposits?player=${id}&limit=10`),
      get<{ withdrawals: Payment[] }>(`/api/withdrawals?player=${id}&limit=10`),
    ])
    const rows = [
      ...deposits.map((payment) => ({ what: 'Deposit', payment })),
      ...withdrawals.map((payment) => ({ what: 'Withdrawal', payment })),
    ]
      .sort((one, other) => Date.parse(other.payment.requestedAt) - Date.parse(one.payment.requestedAt))
      .map(({ what, payment }) => [
        when(payment.requestedAt),
        make('span', {}, what, ' ', code(payment.id)),
        badge(payment.state),
        show(payment.amount),
      ])
    return [
      make('h3', {}, 'Latest deposits and withdrawals'),
      table(['When', 'What', 'State', 'Amount'], rows, 'This player has neither deposited nor withdrawn.'),
    ]
  }

  async function log(): Promise<HTMLElement[]> {
    if (!permissions.has('audit.view')) return []
    const { events } = await get<{ events: AuditEvent[] }>(`/api/audit?player=${id}&limit=10`)
    return [make('h3', {}, 'In the audit log'), auditTable(events, permissions.has('audit.unmask'))]
  }
}

/** A field for a reason with the button that needs it. */
function reasoned(name: string, text: string, label: string, work: (reason: string) => Promise<void>): HTMLElement {
  const input = make('input', {
    id: name,
    placeholder: label,
    'aria-label': label,
    required: '',
    minlength: '3',
    maxlength: '400',
  })
  const form = make('form', { class: 'decision' }, input, make('button', {}, text))
  answer(form, () => void work((input as HTMLInputElement).value.trim()))
  return form
}
