import { send } from './api.ts'
import { onSubmit } from './form.ts'
import { askPasskey, type CreationOptions, createPasskey, type RequestOptions } from './passkey.ts'

/** How staff come in: by passkey, or by name and password to make one, or by a one-time link. */
on('sign-in', signIn)
on('sign-in-once', async ({ login, password }) => {
  await send('/api/sessions', { login, password })
  location.assign('/passkey')
})
on('make-passkey', async ({ label }) => {
  const options = await send<CreationOptions>('/api/passkeys/options')
  await send('/api/passkeys', { label, passkey: await createPasskey(options) })
  await signIn() // by the new one, so that it is known to work
})
on('enrol', async ({ login, password }) => {
  const newcomer = { login, password, secret: location.hash.slice(1) }
  const options = await send<CreationOptions>('/api/enrolments/passkey', newcomer)
  await send('/api/enrolments/use', { ...newcomer, passkey: await createPasskey(options) })
  location.assign('/sign-in?enrolled')
})

async function signIn(): Promise<void> {
  const options = await send<RequestOptions>('/api/sessions/challenge')
  await send('/api/sessions', { passkey: await askPasskey(options) })
  const came = sessionStorage.getItem('return')
  sessionStorage.removeItem('return')
  location.assign(came ?? '/')
}

function on(id: string, work: (fields: Record<string, string>) => Promise<void>): void {
  const form = document.getElementById(id)
  if (form instanceof HTMLFormElement) onSubmit(form, work)
}
