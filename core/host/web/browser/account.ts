import { Problem, send } from './api.ts'

/** Every form that names where it posts: sends its fields, shows the problem in words, goes on where it says. */
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-post]'))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const problem = form.querySelector<HTMLElement>('.problem')
    const button = form.querySelector('button')
    button?.setAttribute('disabled', '')
    try {
      const body = await bodyOf(form)
      await send(form.dataset.post ?? '', body)
      const { email } = body as { email?: string }
      if (email) sessionStorage.setItem('email', email)
      location.assign(form.dataset.next ?? '/')
    } catch (error) {
      if (problem)
        problem.textContent = error instanceof Problem ? error.message : 'The casino cannot be reached at the moment.'
    } finally {
      button?.removeAttribute('disabled')
    }
  })

const remembered = document.querySelector<HTMLInputElement>('input[name=email]')
if (remembered && !remembered.value) remembered.value = sessionStorage.getItem('email') ?? ''

async function bodyOf(form: HTMLFormElement): Promise<unknown> {
  const fields = Object.fromEntries(new FormData(form)) as Record<string, string>
  for (const numeric of form.querySelectorAll<HTMLSelectElement>('[data-number]'))
    Object.assign(fields, { [numeric.name]: Number(numeric.value) })
  if (form.dataset.secret !== undefined) return { ...fields, secret: location.hash.slice(1) }
  if (form.dataset.shape !== 'registration') return fields
  const terms = (await (await fetch('/api/terms')).json()) as { termsVersion: string; privacyVersion: string }
  const { street, city, postalCode, terms: _accepted, ...rest } = fields
  return {
    ...rest,
    address: { street, city, postalCode },
    termsVersion: terms.termsVersion,
    privacyVersion: terms.privacyVersion,
  }
}
