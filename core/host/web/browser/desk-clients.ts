import { get, Problem, send } from './api.ts'
import { asking, badge, type Cell, choice, code, field, fill, onPress, openDialog, table, tell } from './desk-parts.ts'
import { act, facts, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { when } from './words.ts'

type Data = {
  kind: 'machine' | 'app'
  name: string
  authentication: 'key' | 'certificate'
  keys: object[]
  component: string | null
  binding: 'dpop' | 'certificate'
  scopes: string[]
  redirectUris: string[]
  pushed: boolean
}
type Client = Data & { client: string; addedAt: string }

/** Machines and apps that may ask for tokens. Every change is asked for here and approved by somebody else. */
export async function paintClients(permissions: ReadonlySet<string>, after: () => Promise<void>): Promise<void> {
  await fill('clients', async () => {
    const { clients } = await get<{ clients: Client[] }>('/api/clients')
    const rows = clients.map((client): Cell[] => [
      make('span', {}, client.name, ' ', code(client.client)),
      badge(client.kind),
      client.scopes.join(', ') || 'nothing',
      client.authentication === 'key' ? `${client.keys.length} key(s)` : `certificate of ${client.component}`,
      act('Look', { 'aria-label': `Look at ${client.name}` }, () => look(client, permissions, after)),
    ])
    return table(['Who', 'Kind', 'May', 'Shows', ''], rows, 'No machine and no app is let in.')
  })
}

export function openClients(after: () => Promise<void>): void {
  onPress('add-client', () => describe(undefined, after))
}

function look(client: Client, permissions: ReadonlySet<string>, after: () => Promise<void>): void {
  const remove = asking('remove-client', 'Ask to take it out', 'Why', async (reason) => {
    await send('/api/proposals', { act: 'access.remove_client', payload: { client: client.client }, reason })
    close()
    tell(`Taking ${client.name} out waits for somebody else’s approval.`)
    await after()
  })
  const change = act('Ask for a change', {}, () => {
    close()
    describe(client, after)
  })
  const mayAsk = permissions.has('clients.manage')
  const close = openDialog(
    client.name,
    'event',
    make('h2', {}, client.name),
    facts([
      ['Called', client.client],
      ['Kind', badge(client.kind)],
      ['Let in', when(client.addedAt)],
      ['Tokens are bound to', client.binding === 'dpop' ? 'a key (DPoP)' : `a certificate of ${client.component}`],
      ['May', client.scopes.join(', ') || 'nothing', 'wide'],
      ...(client.redirectUris.length > 0 ? [['Returns to', client.redirectUris.join(', '), 'wide'] as const] : []),
    ]),
    ...(client.keys.length > 0
      ? [
          make('h3', {}, 'Public keys'),
          make('pre', { class: 'statement' }, client.keys.map((key) => JSON.stringify(key)).join('\n')),
        ]
      : []),
    ...(mayAsk ? [remove] : []),
    make(
      'div',
      { class: 'decision' },
      ...(mayAsk ? [change] : []),
      act('Back', {}, () => close()),
    ),
  )
}

const examples = '{"kty":"EC","crv":"P-256","x":"…","y":"…"}'

/** The form of a client, empty or as it is now; what does not fit together the casino says. */
function describe(present: Client | undefined, after: () => Promise<void>): void {
  const title = present ? `Change ${present.name}` : 'Let a machine or an app in'
  const text = (name: string, value: string, more: Record<string, string> = {}) =>
    make('input', { name, value, maxlength: '400', ...more })
  const lines = (name: string, values: readonly string[], placeholder: string) => {
    const area = make('textarea', { name, rows: '3', spellcheck: 'false', placeholder }) as HTMLTextAreaElement
    area.value = values.join('\n')
    return area
  }
  const form = make(
    'form',
    { class: 'asking' },
    make('h2', {}, title),
    field('Called', text('client', present?.client ?? '', { required: '', ...(present ? { readonly: '' } : {}) })),
    field('Name, for people', text('name', present?.name ?? '', { required: '' })),
    field(
      'Kind',
      choice(
        'kind',
        [
          ['machine', 'A machine: asks with its own authority'],
          ['app', 'An app: signs staff on'],
        ],
        present?.kind,
      ),
    ),
    field(
      'Shows who it is by',
      choice(
        'authentication',
        [
          ['key', 'a key'],
          ['certificate', 'a certificate of ours'],
        ],
        present?.authentication,
      ),
    ),
    field(
      'Public keys, one JWK a line',
      lines('keys', present?.keys.map((key) => JSON.stringify(key)) ?? [], examples),
    ),
    field(
      'Tokens are bound to',
      choice(
        'binding',
        [
          ['dpop', 'a key (DPoP)'],
          ['certificate', 'a certificate of ours'],
        ],
        present?.binding,
      ),
    ),
    field('Component of the certificate, if any', text('component', present?.component ?? '')),
    field('May, by commas', text('scopes', present?.scopes.join(', ') ?? '', { placeholder: 'books.read' })),
    field('Returns to, one address a line', lines('redirectUris', present?.redirectUris ?? [], 'https://…')),
    field('Why', text('reason', '', { required: '', minlength: '3' })),
    make('p', { class: 'problem', role: 'alert' }),
    make(
      'div',
      { class: 'decision' },
      make('button', { class: 'primary' }, 'Ask'),
      act('Back', {}, () => close()),
    ),
  ) as HTMLFormElement
  const close = openDialog(title, 'proposal', form)
  onSubmit(form, async ({ reason = '', ...fields }) => {
    await send('/api/proposals', {
      act: present ? 'access.change_client' : 'access.add_client',
      payload: { client: fields.client, data: dataOf(fields, present?.pushed) },
      reason: reason.trim(),
    })
    close()
    tell('It waits for somebody else’s approval, for a day.')
    await after()
  })
}

function dataOf(fields: Record<string, string>, pushed = true): object {
  const { kind, name = '', authentication, binding, component = '', keys = '', scopes = '', redirectUris = '' } = fields
  return {
    kind,
    name: name.trim(),
    authentication,
    binding,
    keys: parts(keys, '\n').map(keyIn),
    ...(component.trim() ? { component: component.trim() } : {}),
    scopes: parts(scopes, ','),
    redirectUris: parts(redirectUris, '\n'),
    pushed: kind === 'app' && pushed,
  }
}

function keyIn(line: string): object {
  try {
    return JSON.parse(line) as object
  } catch {
    throw new Problem({ issues: [{ path: 'keys', message: 'Each line is one public key, as JSON (JWK).' }] }, 0)
  }
}

function parts(text: string, between: string): string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter(Boolean)
}
