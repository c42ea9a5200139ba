import { get, send, wordsOf } from './api.ts'
import { byId, make } from './elements.ts'
import { onSubmit } from './form.ts'

const passwordChange = byId('password-change') as HTMLFormElement
const emailChange = byId('email-change') as HTMLFormElement
const confirmation = byId('email-confirmation') as HTMLFormElement
const choice = byId('language-choice') as HTMLFormElement
const own = byId('own-data')

await showAddress()
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

byId('data-export').addEventListener('click', async () => {
  const data = await send<unknown>('/api/data-export').catch((error: unknown) => note(own, wordsOf(error)))
  if (data === undefined) return
  const file = new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })
  const link = make('a', { href: URL.createObjectURL(file), download: 'my-data.json' }, '') as HTMLAnchorElement
  link.click()
  URL.revokeObjectURL(link.href)
})

byId('erasure-request').addEventListener('click', async () => {
  await send('/api/erasure-request').then(
    () => note(own, 'We answer within a month. What the law has us keep is kept until its time is over.'),
    (error: unknown) => note(own, wordsOf(error)),
  )
})

async function showAddress(): Promise<void> {
  byId('address').textContent = (await get<{ email: string }>('/api/me')).email
}

function note(form: HTMLElement, words: string): void {
  const place = form.querySelector<HTMLElement>('.note')
  if (!place) return
  place.textContent = words
  place.hidden = false
}
