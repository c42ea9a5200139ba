import { Problem, send, wordsOf } from './api.ts'
import { byId } from './elements.ts'
import { onSubmit } from './form.ts'

const form = byId('sign-in') as HTMLFormElement
const more = byId('more')
const code = form.elements.namedItem('code') as HTMLInputElement
const email = form.elements.namedItem('email') as HTMLInputElement
code.required = false
if (!email.value) email.value = sessionStorage.getItem('email') ?? ''

onSubmit(form, async ({ email = '', password = '', code: given = '' }) => {
  const proof = given.trim() === '' ? {} : { proof: { factor: 'email', code: given.trim() } }
  try {
    await send('/api/sessions', { email, password, ...proof })
  } catch (error) {
    if (!(error instanceof Problem) || !asksForMore(error)) throw error
    return
  }
  sessionStorage.setItem('email', email)
  const came = sessionStorage.getItem('return')
  sessionStorage.removeItem('return')
  location.assign(came ?? '/')
})
byId('send-code').addEventListener('click', async () => {
  const words = await send('/api/sessions/code', { email: email.value }).then(
    () => 'If this address has an account, a code is on its way to it.',
    wordsOf,
  )
  byId('more-words').textContent = words
})

/** Where the password alone is not enough, a code of a mail helps; after a lock the player has one sent. */
function asksForMore({ code: problem }: Problem): boolean {
  const words: Record<string, string> = {
    'sessions.second_factor_required':
      'To be sure that it is you, we have sent a code to your e-mail address. Enter it here and sign in.',
    'sessions.locked':
      'There were too many failed attempts. Sign in from a device you have used before, or have a code sent, and enter it here together with your password.',
  }
  const told = words[problem]
  if (told === undefined) return false
  byId('more-words').textContent = told
  byId('send-code').textContent = problem === 'sessions.locked' ? 'Send me a code' : 'Send another code'
  more.hidden = false
  code.focus()
  return true
}
