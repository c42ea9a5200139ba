import './devices.ts'
import { get, send } from './api.ts'
import { byId } from './elements.ts'
import { onSubmit } from './form.ts'
import { createPasskey, passkeysWork } from './passkey.ts'
import { type Factor, row } from './security-factor.ts'
import { seed } from './security-seed.ts'

type Standing = { factors: Factor[]; recoveryCodesLeft: number; password: boolean; mayDropPassword: boolean }
type Offer = { factor: string; secret: string; picture: { size: number; path: string } }

const formOf = (id: string) => byId(id) as HTMLFormElement
const passkeyForm = formOf('passkey')

onSubmit(passkeyForm, async ({ label }) => {
  const options = await send<Parameters<typeof createPasskey>[0]>('/api/factors/passkeys/options')
  await send('/api/factors/passkeys', { response: await createPasskey(options), label })
  await done('The passkey was added.')
})

let app = ''
onSubmit(formOf('app'), async () => {
  const offer = await send<Offer>('/api/factors/apps')
  app = offer.factor
  byId('app-seed').replaceChildren(...seed(offer))
  turn('app', 'app-proof')
})
onSubmit(formOf('app-proof'), async ({ code, label }) => {
  await send(`/api/factors/apps/${app}/confirmation`, { code, label })
  byId('app-seed').replaceChildren()
  turn('app-proof', 'app')
  await done('The app was added.')
})

if (document.getElementById('phone')) takePhones()

onSubmit(formOf('codes'), async () => {
  const { codes } = await send<{ codes: string[] }>('/api/factors/recovery-codes')
  const made = byId('codes-made')
  made.replaceChildren(
    ...codes.map((code) => {
      const item = document.createElement('li')
      item.textContent = code
      return item
    }),
  )
  made.hidden = byId('codes-copy').hidden = false
  await done('These codes are shown this once. Codes you had before are void.')
})
byId('codes-copy').addEventListener('click', () => {
  const codes = [...byId('codes-made').children].map((item) => item.textContent)
  navigator.clipboard.writeText(codes.join('\n')).then(
    () => say('Copied.'),
    () => say('This browser does not let us copy. Select them instead.'),
  )
})

onSubmit(formOf('password'), async () => {
  await send('/api/password', undefined, 'DELETE')
  await done('From now on you sign in with your passkeys.')
})

if (!passkeysWork) {
  passkeyForm.querySelector('.problem')!.textContent = 'This browser has no passkeys.'
  for (const button of passkeyForm.querySelectorAll('button')) button.disabled = true
}

await paint()

async function paint(): Promise<void> {
  const { factors, recoveryCodesLeft, password, mayDropPassword } = await get<Standing>('/api/factors')
  const none = document.createElement('li')
  none.className = 'fine'
  none.textContent = 'Your password alone. Add something below, so that a stolen password is of no use.'
  byId('factors').replaceChildren(...(factors.length > 0 ? factors.map((factor) => row(factor, done)) : [none]))
  byId('codes-left').textContent =
    recoveryCodesLeft > 0 ? `You have ${recoveryCodesLeft} unused codes.` : 'You have no codes.'
  byId('password-state').textContent = passwordWords(password, mayDropPassword)
  byId('password').querySelector('button')!.hidden = !mayDropPassword
}

function passwordWords(password: boolean, mayDrop: boolean): string {
  if (!password) return 'You have none: your passkeys sign you in.'
  return mayDrop
    ? 'You could do without: your passkeys sign you in, and nobody can steal what does not exist.'
    : 'With two passkeys, or one and recovery codes, you could do without a password.'
}

/** The card is there where somebody takes text messages. */
function takePhones(): void {
  let phone = ''
  onSubmit(formOf('phone'), async (fields) => {
    phone = (await send<{ factor: string }>('/api/factors/phones', { phone: fields.phone })).factor
    turn('phone', 'phone-proof')
  })
  onSubmit(formOf('phone-proof'), async ({ code, label }) => {
    await send(`/api/factors/phones/${phone}/confirmation`, { code, label })
    turn('phone-proof', 'phone')
    await done('The telephone was added.')
  })
}

/** From one step of a card to the next. */
function turn(from: string, to: string): void {
  formOf(from).reset()
  formOf(from).hidden = true
  formOf(to).hidden = false
  formOf(to).querySelector('input')?.focus()
}

async function done(words: string): Promise<void> {
  say(words)
  await paint()
}

function say(words: string): void {
  byId('changed').textContent = words
  byId('changed').hidden = false
}
