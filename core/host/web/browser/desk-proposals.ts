import { get, send } from './api.ts'
import { linkFor } from './desk-enrol.ts'
import { badge, type Cell, fill, onPress, openDialog, table, tell } from './desk-parts.ts'
import { act, facts, make } from './elements.ts'
import { answer } from './form.ts'
import { askPasskey, type RequestOptions } from './passkey.ts'
import { when } from './words.ts'

type Proposal = {
  proposal: string
  act: string
  title: string
  statement: string
  digest: string
  state: string
  proposedByName: string
  proposedAt: string
  expiresAt: string
  mayDecide: boolean
  mine: boolean
}
type Statement = { payload: Record<string, unknown>; reason: string }
type Act = { act: string; title: string; mayPropose: boolean }

/** What waits for a second person: each as exactly what would be done, which the approver signs. */
export async function paintProposals(after: () => Promise<void>): Promise<void> {
  await fill('proposals', async () => {
    const { proposals } = await get<{ proposals: Proposal[] }>('/api/proposals?waiting=true')
    const rows = proposals.map((proposal): Cell[] => [
      when(proposal.proposedAt),
      proposal.title,
      payloadOf(proposal),
      proposal.proposedByName,
      badge(proposal.state),
      act('Look', { id: `look-${proposal.proposal}`, 'aria-label': `Look at: ${proposal.title}` }, () =>
        look(proposal, after),
      ),
    ])
    return table(['Asked', 'What', 'Exactly', 'By', 'State', ''], rows, 'Nothing waits for an approval.')
  })
}

/** The form by which something is asked for; its payload is what the API's document says. */
export async function openAsking(after: () => Promise<void>): Promise<void> {
  const acts = (await get<{ acts: Act[] }>('/api/acts')).acts.filter(({ mayPropose }) => mayPropose)
  onPress('ask', () => {
    const which = make('select', { name: 'act', 'aria-label': 'What' }, ...acts.map(optionOf)) as HTMLSelectElement
    const payload = make('textarea', {
      name: 'payload',
      rows: '6',
      spellcheck: 'false',
      'aria-label': 'Exactly what, as JSON',
    }) as HTMLTextAreaElement
    const reason = make('input', {
      name: 'reason',
      required: '',
      minlength: '3',
      maxlength: '400',
      placeholder: 'Why',
      'aria-label': 'Why',
    }) as HTMLInputElement
    const problem = make('p', { class: 'problem', role: 'alert' })
    const example = () => {
      payload.value = JSON.stringify(examples[which.value] ?? {}, null, 2)
    }
    which.addEventListener('change', example)
    example()
    const form = make(
      'form',
      { class: 'asking' },
      make('h2', {}, 'Ask for something that takes two'),
      which,
      payload,
      reason,
      problem,
      make(
        'div',
        { class: 'decision' },
        make('button', { class: 'primary' }, 'Ask'),
        act('Back', {}, () => close()),
      ),
    )
    answer(form, async () => {
      problem.textContent = ''
      try {
        await send('/api/proposals', {
          act: which.value,
          payload: JSON.parse(payload.value),
          reason: reason.value.trim(),
        })
        close()
        tell('It waits for somebody else’s approval, for a day.')
        await after()
      } catch (error) {
        problem.textContent = error instanceof SyntaxError ? 'This is no JSON.' : (error as Error).message
      }
    })
    const close = openDialog('Ask for something', '', form)
  })
}

const money = { amount: '10.00', currency: 'EUR' }
const examples: Record<string, object> = {
  'ledger.adjust': { player: 'plr_…', direction: 'credit', amount: money },
  'cashier.approve_payout': { withdrawal: 'wdr_…', player: 'plr_…', amount: money },
  'protection.impose_limit': { player: 'plr_…', period: 'day', amount: money },
  'staff.set_role': { role: 'support', title: 'Support', permissions: ['players.view'] },
  'staff.grant': { staff: 'stf_…', role: 'risk' },
  'staff.revoke': { staff: 'stf_…', role: 'risk' },
  'staff.elevate': { role: 'auditor', minutes: 30 },
  'staff.enable': { staff: 'stf_…' },
  'staff.reset_passkeys': { staff: 'stf_…' },
  'staff.enrol': { role: 'security', who: 'Who it is' },
  'privacy.erase': { player: 'plr_…', erases: ['contact'], keeps: [{ purpose: 'payment', until: '2031-11-27' }] },
  'games.offer': { game: 'roulette-european', version: '…', rtp: '97.2972 %' },
  'games.open': { game: 'roulette-european' },
  'keys.rotate': { family: 'kek-pii' },
  'keys.destroy': { key: 'kek-pii-1', early: false },
  'keys.ceremony': { custodians: ['Ada', 'Grace', 'Edsger'], threshold: 2 },
  'access.remove_client': { client: 'reports' },
}

function look(proposal: Proposal, after: () => Promise<void>): void {
  const { reason } = JSON.parse(proposal.statement) as Statement
  const problem = make('p', { class: 'problem', role: 'alert' })
  const why = make('input', { placeholder: 'Why not', 'aria-label': 'Why not', maxlength: '400' }) as HTMLInputElement
  const path = `/api/proposals/${proposal.proposal}`
  const done = async (words: string) => {
    close()
    tell(words)
    await after()
  }
  const step = (text: string, kind: string, work: () => Promise<void>) => {
    const button: HTMLButtonElement = act(text, { class: kind }, async () => {
      problem.textContent = ''
      button.disabled = true
      await work().catch((error: Error) => {
        problem.textContent = error.message
      })
      button.disabled = false
    }) as HTMLButtonElement
    return button
  }
  const end = (verb: string, words: string) => async () => {
    await send(`${path}/${verb}`, { reason: why.value.trim() })
    await done(words)
  }
  const approve = step('Approve and sign', 'primary', async () => {
    const options = await send<RequestOptions>(`${path}/challenge`)
    await send(`${path}/approval`, { digest: proposal.digest, passkey: await askPasskey(options) })
    await done(`${proposal.title}: approved.`)
  })
  const open = proposal.state === 'open'
  const steps: HTMLElement[] = [
    ...(proposal.mayDecide && open ? [approve] : []),
    ...(proposal.mine || (proposal.mayDecide && open) ? [why] : []),
    ...(proposal.mine ? [step('Take back', 'danger', end('withdrawal', 'Taken back.'))] : []),
    ...(proposal.mayDecide && open && !proposal.mine ? [step('Reject', 'danger', end('rejection', 'Rejected.'))] : []),
  ]
  if (steps.length === 0) steps.push(make('p', { class: 'fine' }, 'Your role may look, not decide.'))
  const close = openDialog(
    proposal.title,
    'proposal',
    make('h2', {}, proposal.title),
    facts([
      ['Asked by', proposal.proposedByName],
      ['Good until', when(proposal.expiresAt)],
      ['Why', reason, 'wide'],
    ]),
    make('h3', {}, 'Exactly what you sign'),
    make('pre', { class: 'statement' }, JSON.stringify(JSON.parse(proposal.statement), null, 2)),
    make('p', { class: 'fine' }, `SHA-256 ${proposal.digest}`),
    ...usesOf(proposal),
    problem,
    make(
      'div',
      { class: 'decision' },
      ...steps,
      act('Close', {}, () => close()),
    ),
  )
}

/** What is left to do with an approval that does nothing by itself. */
function usesOf({ proposal, act: name, state, mine, statement }: Proposal): HTMLElement[] {
  if (state !== 'approved') return []
  const { payload } = JSON.parse(statement) as Statement
  if (name === 'staff.enrol') return mine ? [linkFor({ role: String(payload.role), proposal })] : []
  const [, verb] = name.split('.')
  const what = payload.key ?? payload.family
  const ceremony = `--custodians ${[payload.custodians].flat().join(',')} --threshold ${payload.threshold}`
  const words = `countroom keys ${verb} ${what ?? ceremony}${payload.early ? ' --early' : ''} --approval ${proposal}`
  return [make('p', { class: 'note' }, 'At the console of the node, within the day: ', make('code', {}, words))]
}

function payloadOf({ statement }: Proposal): HTMLElement {
  const { payload } = JSON.parse(statement) as Statement
  const parts = Object.entries(payload).map(([name, value]) => `${name}: ${shown(value)}`)
  return make('span', { class: 'payload' }, parts.join(', '))
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { amount, currency } = value as { amount?: string; currency?: string }
  if (amount && currency) return `${amount} ${currency}`
  return Array.isArray(value) ? `${value.length} words` : JSON.stringify(value)
}

function optionOf({ act, title }: Act): HTMLElement {
  return make('option', { value: act }, title)
}
