import { Problem, send, wordsOf } from './api.ts'
import { byId } from './elements.ts'
import { onSubmit } from './form.ts'
import { askPasskey, passkeysWork, type RequestOptions } from './passkey.ts'

const form = byId('sign-in') as HTMLFormElement
const more = byId('more')
const code = form.elements.namedItem('code') as HTMLInputElement
const email = form.elements.namedItem('email') as HTMLInputElement
const factor = form.elements.namedItem('factor') as HTMLSelectElement
const withPasskey = byId('with-passkey')
const sending = byId('send-code')
code.required = false
if (!email.value) email.value = sessionStorage.getItem('email') ?? ''

onSubmit(form, async ({ email = '', password = '', code: given = '', factor = '' }) => {
  const proof = given.trim() === '' ? {} : { proof: { factor, code: given.trim() } }
  try {
    await send('/api/sessions', { email, password, ...proof })
  } catch (error) {
    if (!(error instanceof Problem) || !asksForMore(error)) throw error
    return
  }
  sessionStorage.setItem('email', email)
  goOn()
})
sending.addEventListener('click', async () => {
  const words = await send('/api/sessions/code', { email: email.value }).then(
    () => 'If this address has an account, a code is on its way.',
    wordsOf,
  )
  byId('more-words').textContent = words
  sending.textContent = 'Send another code'
})
factor.addEventListener('change', showSending)

withPasskey.hidden = !passkeysWork
withPasskey.addEventListener('click', async () => {
  const problem = form.querySelector('.problem')!
  problem.textContent = ''
  try {
    const options = await send<RequestOptions>('/api/sessions/passkey/challenge')
    await send('/api/sessions/passkey', { response: await askPasskey(options) })
    goOn()
  } catch (error) {
    problem.textContent = wordsOf(error)
  }
})

function goOn(): void {
  const came = sessionStorage.getItem('return')
  sessionStorage.removeItem('return')
  location.assign(came ?? '/')
}

/** Where the password alone is not enough, one thing more helps: what the API names, or after a lock whatever the player has. */
function asksForMore({ code: problem, members }: Problem): boolean {
  if (problem !== 'sessions.second_factor_required' && problem !== 'sessions.locked') return false
  const wanted = members.factors as string[] | undefined
  for (const option of factor.options) option.hidden = option.disabled = wanted?.includes(option.value) === false
  factor.value = [...factor.options].find((option) => !option.disabled)?.value ?? ''
  const byCode = factor.value !== ''
  byId('more-words').textContent = wordsFor(problem, wanted)
  for (const field of more.querySelectorAll<HTMLElement>('.field')) field.hidden = !byCode
  sending.textContent = problem === 'sessions.locked' || factor.value !== 'email' ? 'Send a code' : 'Send another code'
  showSending()
  more.hidden = false
  if (byCode) code.focus()
  else withPasskey.focus()
  return true
}

function wordsFor(problem: string, wanted: string[] | undefined): string {
  if (problem === 'sessions.locked')
    return 'There were too many failed attempts. Sign in from a device you have used before, with a passkey, or with a code besides your password.'
  if (wanted?.length === 1 && wanted[0] === 'email')
    return 'To be sure that it is you, we have sent a code to your e-mail address. Enter it here and sign in.'
  return 'To be sure that it is you, please show one thing more. Your passkey will do as well: see the button below.'
}

/** A code that nobody sends is not asked for. */
function showSending(): void {
  sending.hidden = factor.value !== 'email' && factor.value !== 'sms'
}
