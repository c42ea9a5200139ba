import { send, wordsOf } from './api.ts'
import { byId, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { askPasskey, type RequestOptions } from './passkey.ts'

type Ticket = { secret: string; factors: string[]; evidence: string[]; passkey: RequestOptions | null }

const names: Record<string, string> = {
  passkey: 'your passkey',
  totp: 'a code of your authenticator app',
  sms: 'a code to your telephone',
  recovery: 'a recovery code',
}

const codeForm = byId('code-form') as HTMLFormElement
const passwordForm = byId('password-form') as HTMLFormElement
const factor = byId('factor') as HTMLSelectElement
const proof = byId('field-proof') as HTMLInputElement
let ticket: Ticket | undefined

const address = codeForm.elements.namedItem('email') as HTMLInputElement
address.value = sessionStorage.getItem('email') ?? ''
proof.required = false
askWho([])

onSubmit(codeForm, async ({ email = '', code = '' }) => {
  ticket = await send<Ticket>('/api/password-resets/code', { email, code: code.trim() })
  factor.replaceChildren(...ticket.factors.map((name) => make('option', { value: name }, names[name] ?? name)))
  byId('factor-field').hidden = ticket.factors.length === 0
  askFor(factor.value)
  askWho(ticket.evidence)
  codeForm.hidden = true
  passwordForm.hidden = false
})

factor.addEventListener('change', () => askFor(factor.value))

byId('send-sms').addEventListener('click', async () => {
  const words = await send('/api/password-resets/sms', { secret: ticket?.secret }).then(
    () => 'A code is on its way to your telephone.',
    wordsOf,
  )
  tell(words)
})

onSubmit(passwordForm, async ({ password = '', code = '', ...fields }) => {
  const { secret, evidence = [] } = ticket ?? {}
  const shown = await show(factor.value, code.trim())
  const said = Object.fromEntries(evidence.map((name) => [name, fields[name]?.trim()]))
  await send('/api/password-resets/password', {
    secret,
    password,
    ...(shown ? { proof: shown } : {}),
    ...(evidence.length > 0 ? { evidence: said } : {}),
  })
  location.assign('/sign-in')
})

async function show(name: string, code: string): Promise<object | undefined> {
  if (name === '') return undefined
  if (name !== 'passkey' || !ticket?.passkey) return { factor: name, code }
  return { factor: name, response: await askPasskey(ticket.passkey) }
}

/** What has to be typed for a factor; a passkey is shown by the device when the form is sent. */
function askFor(name: string): void {
  const typed = name !== '' && name !== 'passkey'
  byId('proof-field').hidden = !typed
  proof.required = typed
  byId('send-sms').hidden = name !== 'sms'
}

/** What its holder has to say of themselves, where nothing has to be shown. */
function askWho(evidence: readonly string[]): void {
  const place = byId('evidence')
  place.hidden = evidence.length === 0
  for (const input of place.querySelectorAll('input')) {
    const asked = evidence.includes(input.name)
    input.required = asked
    input.closest<HTMLElement>('.field')!.hidden = !asked
  }
}

function tell(words: string): void {
  const place = passwordForm.querySelector('.problem')
  if (place) place.textContent = words
}
