import { send, wordsOf } from './api.ts'
import { onSubmit } from './form.ts'

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-post]')) wire(form)

/** A form that names where it posts: sends its fields and goes on where it says. */
function wire(form: HTMLFormElement): void {
  onSubmit(form, async (fields) => {
    await send(form.dataset.post ?? '', bodyOf(form, fields))
    if (fields.email) sessionStorage.setItem('email', fields.email)
    if (form.dataset.then) return goOn(form, fields)
    const came = form.dataset.next === 'return' ? sessionStorage.getItem('return') : null
    sessionStorage.removeItem('return')
    location.assign(came ?? (form.dataset.next === 'return' ? '/' : (form.dataset.next ?? '/')))
  })
  const remembered = form.querySelector<HTMLInputElement>('input[name=email]')
  if (remembered && !remembered.value) remembered.value = sessionStorage.getItem('email') ?? ''
  form.querySelector('#another-code')?.addEventListener('click', () => sendAnother(form))
}

/**
 * The next form, in the place of this one and on this page, with what was typed: a password stays in memory and is put into no storage,
 * and nobody types it twice.
 */
function goOn(form: HTMLFormElement, fields: Record<string, string>): void {
  const template = document.getElementById(form.dataset.then ?? '') as HTMLTemplateElement
  const next = (template.content.cloneNode(true) as DocumentFragment).querySelector('form') as HTMLFormElement
  form.replaceWith(next)
  history.replaceState(null, '', form.dataset.next)
  const inputs = [...next.querySelectorAll('input')]
  for (const input of inputs) input.value = fields[input.name] ?? ''
  wire(next)
  inputs.find(({ value }) => value === '')?.focus()
}

async function sendAnother(form: HTMLFormElement): Promise<void> {
  const email = String(new FormData(form).get('email'))
  const words = await send('/api/registrations/code', { email }).then(
    () => 'If this address waits for a code, another one is on its way.',
    wordsOf,
  )
  const place = form.querySelector('.problem')
  if (place) place.textContent = words
}

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
