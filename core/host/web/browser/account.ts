import { send, wordsOf } from './api.ts'
import { onSubmit } from './form.ts'

/** Every form that names where it posts: sends its fields and goes on where it says. */
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-post]'))
  onSubmit(form, async (fields) => {
    await send(form.dataset.post ?? '', bodyOf(form, fields))
    if (fields.email) sessionStorage.setItem('email', fields.email)
    const came = form.dataset.next === 'return' ? sessionStorage.getItem('return') : null
    sessionStorage.removeItem('return')
    location.assign(came ?? (form.dataset.next === 'return' ? '/' : (form.dataset.next ?? '/')))
  })

const remembered = document.querySelector<HTMLInputElement>('input[name=email]')
if (remembered && !remembered.value) remembered.value = sessionStorage.getItem('email') ?? ''

document.getElementById('another-code')?.addEventListener('click', async (event) => {
  const form = (event.target as HTMLElement).closest('form')
  const email = String(new FormData(form as HTMLFormElement).get('email'))
  const words = await send('/api/registrations/code', { email }).then(
    () => 'If this address waits for a code, another one is on its way.',
    wordsOf,
  )
  const place = form?.querySelector('.problem')
  if (place) place.textContent = words
})

function bodyOf(form: HTMLFormElement, fields: Record<string, string>): unknown {
  const numbers = [...form.querySelectorAll<HTMLSelectElement>('[data-number]')].map(({ name, value }) => [
    name,
    Number(value),
  ])
  if (form.dataset.secret !== undefined) return { ...fields, secret: location.hash.slice(1) }
  if (form.dataset.shape !== 'registration') return { ...fields, ...Object.fromEntries(numbers) }
  const { street, city, postalCode, terms: _accepted, ...rest } = fields
  return { ...rest, address: { street, city, postalCode } }
}
