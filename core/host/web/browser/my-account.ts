import { get, send, wordsOf } from './api.ts'
import { byId, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { when } from './words.ts'

const passwordChange = byId('password-change') as HTMLFormElement
const emailChange = byId('email-change') as HTMLFormElement
const confirmation = byId('email-confirmation') as HTMLFormElement
const choice = byId('language-choice') as HTMLFormElement
const residenceChange = byId('residence-change') as HTMLFormElement
const own = byId('own-data')

await Promise.all([showAddress(), showResidence(), showErasure()])
const { language } = await get<{ language: string }>('/api/language')
const select = choice.elements.namedItem('language') as HTMLSelectElement
select.value = language

onSubmit(passwordChange, async ({ present, password }) => {
  await send('/api/password', { present, password })
  passwordChange.reset()
  note(passwordChange, 'Your password is changed.')
})

onSubmit(emailChange, async ({ email }) => {
  await send('/api/email', { email })
  confirmation.hidden = false
  ;(confirmation.elements.namedItem('code') as HTMLInputElement).focus()
})

onSubmit(confirmation, async ({ code }) => {
  await send('/api/email/confirmation', { code })
  emailChange.reset()
  confirmation.reset()
  confirmation.hidden = true
  await showAddress()
})

onSubmit(choice, async ({ language: wanted }) => {
  await send('/api/language', { language: wanted }, 'PUT')
  note(choice, 'We write to you in this language from now on.')
})

onSubmit(residenceChange, async ({ street, postalCode, city }) => {
  await send('/api/residence', { street, postalCode, city }, 'PUT')
  note(residenceChange, 'We have you there from now on.')
})

byId('data-export').addEventListener('click', async () => {
  const data = await send<unknown>('/api/data-export').catch(failed)
  if (data === undefined) return
  const file = new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })
  const link = make('a', { href: URL.createObjectURL(file), download: 'my-data.json' }, '') as HTMLAnchorElement
  link.click()
  URL.revokeObjectURL(link.href)
  note(own, 'The file is on its way to your downloads.')
})

byId('erasure-request').addEventListener('click', async () => {
  await send('/api/erasure-request').then(showErasure, failed)
})

async function showErasure(): Promise<void> {
  const { askedAt } = await get<{ askedAt: string | null }>('/api/erasure-request')
  if (!askedAt) return
  byId('erasure-request').hidden = true
  const words = 'We answer within a month. What the law has us keep is kept until its time is over.'
  note(own, `You asked us on ${when(askedAt)} to erase your data. ${words}`)
}

async function showResidence(): Promise<void> {
  const address = await get<Record<string, string>>('/api/residence')
  for (const [name, value] of Object.entries(address)) {
    const input = residenceChange.elements.namedItem(name)
    if (input instanceof HTMLInputElement) input.value = value
  }
}

function failed(error: unknown): undefined {
  const place = own.querySelector('.problem')
  if (place) place.textContent = wordsOf(error)
}

async function showAddress(): Promise<void> {
  byId('address').textContent = (await get<{ email: string }>('/api/me')).email
}

function note(form: HTMLElement, words: string): void {
  for (const problem of form.querySelectorAll('.problem')) problem.textContent = ''
  const place = form.querySelector<HTMLElement>('.note')
  if (!place) return
  place.textContent = words
  place.hidden = false
}
