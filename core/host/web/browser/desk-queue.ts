import { get, send } from './api.ts'
import { type Cell, code, confirm, fill, table, tell } from './desk-parts.ts'
import { act, make } from './elements.ts'
import { type Money, show } from './money.ts'
import { when } from './words.ts'

type Payment = { id: string; state: string; amount: Money; player: string; reason: string | null; requestedAt: string }
type Withdrawal = Payment & { unknownSince: string | null }
type Verb = { text: string; path: string; danger?: boolean; question: string; done: string }

const approve: Verb = {
  text: 'Approve',
  path: 'approval',
  question: 'The payout is ordered at once and cannot be called back.',
  done: 'is approved; its payout is ordered',
}
const reject: Verb = {
  text: 'Reject',
  path: 'rejection',
  danger: true,
  question: 'The money becomes the player’s cash again, and the player sees the reason.',
  done: 'is rejected; the money is the player’s again',
}
const resend: Verb = {
  text: 'Send again',
  path: 'resending',
  question: 'The payout is ordered again under its old key; if the gateway has it, nothing is paid twice.',
  done: 'is sent again',
}
const release: Verb = {
  text: 'Release',
  path: 'release',
  question: 'The deposit is let through to the player’s cash.',
  done: 'is released to the player',
}

/** What waits for somebody: withdrawals to decide, payouts of unknown fate, deposits under review. */
export async function paintQueue(
  open: (player: string) => void,
  after: () => Promise<void>,
  mayDecide: boolean,
): Promise<void> {
  await fill('queue', async () => {
    const [asked, sent, held] = await Promise.all([
      get<{ withdrawals: Withdrawal[] }>('/api/withdrawals?state=requested'),
      get<{ withdrawals: Withdrawal[] }>('/api/withdrawals?state=sent'),
      get<{ deposits: Payment[] }>('/api/deposits?state=held'),
    ])
    const lost = sent.withdrawals.filter(({ unknownSince }) => unknownSince !== null)
    const rows: Cell[][] = [
      ...asked.withdrawals.map((payment) => row('Withdrawal', payment, 'withdrawals', [approve, reject])),
      ...lost.map((payment) => row('Payout, outcome unknown', payment, 'withdrawals', [resend])),
      ...held.deposits.map((payment) => row('Deposit under review', payment, 'deposits', [release])),
    ]
    return table(
      ['Asked', 'What', 'Player', 'Amount', 'Decision'],
      rows,
      'Nothing waits for a decision. New withdrawals appear here by themselves.',
    )
  })

  function row(what: string, payment: Payment, kind: string, verbs: readonly Verb[]): Cell[] {
    const player = act(payment.player, { class: 'link', title: 'Open this player' }, () => open(payment.player))
    const decision = mayDecide ? decide(what, payment, kind, verbs) : 'Your role may look, not decide'
    return [
      when(payment.requestedAt),
      make('span', {}, what, ' ', code(payment.id)),
      player,
      show(payment.amount),
      decision,
    ]
  }

  function decide(what: string, payment: Payment, kind: string, verbs: readonly Verb[]): HTMLElement {
    const reason = make('input', {
      id: `reason-${payment.id}`,
      placeholder: 'Reason, for the log',
      'aria-label': `Reason, ${what} ${show(payment.amount)}`,
      maxlength: '500',
    }) as HTMLInputElement
    reason.addEventListener('input', () => reason.setCustomValidity(''))
    const buttons = verbs.map((verb) =>
      act(verb.text, { class: verb.danger ? 'danger' : 'primary' }, () => {
        const words = reason.value.trim()
        if (!words) {
          reason.setCustomValidity('Say why: the reason stays in the audit log.')
          reason.reportValidity()
          return
        }
        const title = `${verb.text}: ${what.toLowerCase()} of ${show(payment.amount)}?`
        confirm(
          {
            title,
            words: `${verb.question} Reason: “${words}”.`,
            button: `${verb.text} ${show(payment.amount)}`,
            danger: verb.danger === true,
          },
          async () => {
            const answer = await send<{ proposal?: string }>(`/api/${kind}/${payment.id}/${verb.path}`, {
              reason: words,
            })
            const done = answer?.proposal ? 'takes two: it waits for somebody else’s approval' : verb.done
            tell(`${what} of ${show(payment.amount)} ${done}.`)
            await after()
          },
        )
      }),
    )
    return make('div', { class: 'decision' }, reason, ...buttons)
  }
}
