import { get } from './api.ts'
import { badge, code, fill, table } from './desk-parts.ts'
import { act, byId, facts, make } from './elements.ts'
import { answer } from './form.ts'
import { capital } from './words.ts'

type Fields = Record<string, unknown>
export type AuditEvent = {
  id: string
  at: string
  code: string
  outcome: string
  actor: { kind: string; id: string }
  address?: string
  subject: string
  player?: string
  reason?: string
  detail?: Fields
  before?: Fields
  after?: Fields
  personal?: { commitment: string }
  requestId: string
}
type Code = { code: string; title: string; severity?: 'warning' | 'alarm'; gli?: string }

const pageSize = 30
/** Human names of what is written down; the code stays beside them, because it is what one searches for. */
let codes = new Map<string, Code>()
let shown: AuditEvent[] = []
let isLast = true

/** Makes the form work; painting is asked for apart. */
export async function openAudit(mayUnmask: boolean): Promise<() => Promise<void>> {
  codes = new Map((await get<{ codes: Code[] }>('/api/audit/codes')).codes.map((each) => [each.code, each]))
  const form = byId('audit-find') as HTMLFormElement
  form.querySelector('select[name=code]')?.append(...optionsOf(codes))
  const paint = async () => {
    shown = await ask(form)
    isLast = shown.length < pageSize
    await draw(form, mayUnmask)
  }
  answer(form, () => void paint())
  form.addEventListener('reset', () => setTimeout(paint))
  for (const format of ['jsonl', 'csv'])
    byId(`audit-${format}`).addEventListener('click', () => {
      make('a', { href: `/api/audit/events.${format}?${queryOf(form)}`, download: '' }).click()
    })
  return paint
}

/** Events as a table, each with what else it tells behind a button. */
export function auditTable(events: readonly AuditEvent[], mayUnmask: boolean): HTMLElement {
  return table(
    ['When (UTC)', 'Who', 'What', 'On', 'Why', ''],
    events.map((event) => [
      utc(event.at),
      make('span', {}, `${capital(event.actor.kind)} `, code(event.actor.id)),
      make('span', { class: 'what' }, titleOf(event.code), ' ', ...marksOf(event), make('small', {}, event.code)),
      code(event.subject),
      event.reason ?? '',
      act('More', { class: 'link', 'aria-label': `More about ${titleOf(event.code)}` }, () =>
        tellAll(event, mayUnmask),
      ),
    ]),
    'Nothing is written down about this.',
  )
}

async function draw(form: HTMLFormElement, mayUnmask: boolean): Promise<void> {
  await fill('audit', async () => {
    const older = act('Older', { id: 'audit-older' }, async () => {
      const next = await ask(form, shown.at(-1)?.id)
      shown = [...shown, ...next]
      isLast = next.length < pageSize
      await draw(form, mayUnmask)
    })
    return make('div', {}, auditTable(shown, mayUnmask), ...(isLast ? [] : [make('div', { class: 'decision' }, older)]))
  })
}

async function ask(form: HTMLFormElement, before?: string): Promise<AuditEvent[]> {
  const query = queryOf(form)
  query.set('limit', String(pageSize))
  if (before) query.set('before', before)
  return (await get<{ events: AuditEvent[] }>(`/api/audit?${query}`)).events
}

/** Times in the form are UTC, as those in the log. */
function queryOf(form: HTMLFormElement): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim()
    if (text) query.set(name, name === 'from' || name === 'to' ? new Date(`${text}Z`).toISOString() : text)
  }
  return query
}

/** Everything one event tells, in a dialog; what is sealed in it needs a reason. */
function tellAll(event: AuditEvent, mayUnmask: boolean): void {
  const rows: Array<[string, string | Node, 'wide'?]> = [
    ['When', `${utc(event.at)} UTC`],
    ['Outcome', badge(event.outcome)],
    ['Who', `${capital(event.actor.kind)} ${event.actor.id}`],
    ['From where', event.address ?? (event.personal ? 'sealed' : 'from inside')],
    ['On what', event.subject],
    ...(event.player && event.player !== event.subject ? [['Player', event.player] as [string, string]] : []),
    ...(event.reason ? [['Why', event.reason, 'wide'] as [string, string, 'wide']] : []),
    ['Request', event.requestId || 'none'],
    ['Event', event.id],
  ]
  const kind = codes.get(event.code)
  const sealed = make('div', {})
  const dialog = make(
    'dialog',
    { class: 'confirm event', 'aria-label': titleOf(event.code) },
    make('h2', {}, titleOf(event.code), ' ', ...marksOf(event)),
    make('p', { class: 'fine' }, event.code, kind?.gli ? ` · significant event, GLI-19 2.8.8 ${kind.gli}` : ''),
    facts(rows),
    ...changes(event),
    ...(event.detail ? [make('h3', {}, 'Detail'), fieldsOf(event.detail)] : []),
    ...(event.personal && mayUnmask ? [unsealing(event, sealed)] : []),
    sealed,
    make(
      'div',
      { class: 'decision' },
      act('Close', {}, () => dialog.close()),
    ),
  ) as HTMLDialogElement
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

function changes({ before = {}, after = {} }: AuditEvent): HTMLElement[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  if (names.length === 0) return []
  const rows = names.map((name) => [name, textOf(before[name]), textOf(after[name])])
  return [make('h3', {}, 'What changed'), table(['', 'Before', 'After'], rows, '')]
}

function unsealing(event: AuditEvent, place: HTMLElement): HTMLElement {
  const label = 'Why you need what is sealed'
  const reason = make('input', {
    'aria-label': label,
    placeholder: label,
    required: '',
    minlength: '3',
    maxlength: '400',
  })
  const form = make('form', { class: 'decision' }, reason, make('button', {}, 'Show what is sealed'))
  answer(form, async () => {
    const why = encodeURIComponent((reason as HTMLInputElement).value.trim())
    const shown = await get<{ personal: Fields }>(`/api/audit/${event.id}/personal?reason=${why}`).then(
      ({ personal }) => fieldsOf(personal),
      (error: Error) => make('p', { class: 'problem', role: 'alert' }, error.message),
    )
    place.replaceChildren(make('h3', {}, 'Sealed part'), shown)
  })
  return form
}

function fieldsOf(fields: Fields): HTMLElement {
  return facts(Object.entries(fields).map(([name, value]) => [name, textOf(value)] as const))
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function titleOf(code: string): string {
  return codes.get(code)?.title ?? capital(code.replaceAll(/[._]/g, ' '))
}

function marksOf({ code, outcome }: AuditEvent): HTMLElement[] {
  const severity = codes.get(code)?.severity
  const failed = outcome === 'success' ? [] : [badge(outcome)]
  return severity === 'alarm' ? [badge('alarm'), ...failed] : failed
}

function optionsOf(all: ReadonlyMap<string, Code>): HTMLElement[] {
  return [...all.values()]
    .sort((one, other) => one.code.localeCompare(other.code))
    .map(({ code, title }) => make('option', { value: code }, `${code} · ${title}`))
}

function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)}`
}
