import { Problem, wordsOf } from './api.ts'
import { type Money, show } from './money.ts'

/** Which field a refusal is about, where the API says it by a code and not by a path. */
const fieldOf: Record<string, string> = {
  'players.under_age': 'dateOfBirth',
  'players.birth_date_invalid': 'dateOfBirth',
  'players.country_blocked': 'country',
  'players.currency_not_offered': 'currency',
  'players.terms_outdated': 'terms',
  'players.password_too_short': 'password',
  'players.password_weak': 'password',
  'players.password_breached': 'password',
  'players.email_same': 'email',
  'players.email_too_often': 'email',
  'keys.email_malformed': 'email',
  'sessions.reset_refused': 'code',
  'sessions.reset_evidence_wrong': 'dateOfBirth',
  'players.code_wrong': 'code',
  'players.confirmation_wrong': 'code',
  'sessions.factor_wrong': 'password',
  'staff.login_taken': 'login',
  'staff.password_too_short': 'password',
  'cashier.amount_out_of_bounds': 'amount',
  'cashier.currency_foreign': 'amount',
  'cashier.instrument_unknown': 'instrument',
  'protection.deposit_limit': 'amount',
  'ledger.insufficient_funds': 'amount',
  'factors.code_wrong': 'code',
  'factors.throttled': 'code',
  'factors.label_invalid': 'label',
  'factors.phone_invalid': 'phone',
  'factors.sms_too_often': 'phone',
  'base.amount_malformed': 'amount',
  'base.amount_overprecise': 'amount',
  'base.amount_too_large': 'amount',
  'base.amount_not_positive': 'amount',
}

/**
 * A form of a page is answered by script alone. Its button is disabled until this: a browser that sends a form by itself
 * puts what was typed, a password perhaps, into the address.
 */
export function answer(form: HTMLElement, act: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    act()
  })
  for (const button of form.querySelectorAll('button')) button.disabled = false
}

/** Sends a form by the given act: one at a time, its problems in words next to what they are about. */
export function onSubmit(form: HTMLFormElement, work: (fields: Record<string, string>) => Promise<void>): void {
  form.addEventListener('input', (event) => {
    if (event.target instanceof HTMLElement) mark(event.target, '')
  })
  answer(form, async () => {
    const buttons = form.querySelectorAll('button')
    clear(form)
    for (const button of buttons) button.disabled = true
    try {
      await work(Object.fromEntries(new FormData(form)) as Record<string, string>)
    } catch (error) {
      showProblem(form, error)
    } finally {
      for (const button of buttons) button.disabled = false
    }
  })
}

/** Beside each field it names, else above the button. The first field concerned gets the focus. */
export function showProblem(form: HTMLFormElement, error: unknown): void {
  const marked = concerned(error).flatMap(({ name, words, hinted }) => {
    const field = form.elements.namedItem(name)
    return field instanceof HTMLElement && mark(field, (hinted && field.dataset.hint) || words) ? [field] : []
  })
  marked[0]?.focus()
  const general = form.querySelector('.problem')
  if (general && marked.length === 0) general.textContent = wordsOf(error)
  else if (general && marked.length > 1) general.textContent = 'Please look at the fields marked above.'
}

/** A field that does not have the form the API takes is told by its hint; a rule that refuses speaks for itself. */
function concerned(error: unknown): Array<{ name: string; words: string; hinted: boolean }> {
  if (!(error instanceof Problem)) return []
  const malformed = error.issues.map(({ path, message }) => ({
    name: path.split('.').at(-1) ?? '',
    words: message,
    hinted: true,
  }))
  const refused = fieldOf[error.code]
  return refused ? [...malformed, { name: refused, words: withBounds(error), hinted: false }] : malformed
}

function withBounds(problem: Problem): string {
  const { min, max } = problem.members as { min?: Money; max?: Money }
  if (min && max) return `${problem.message} It is between ${show(min)} and ${show(max)}.`
  return min ? `${problem.message} The least is ${show(min)}.` : problem.message
}

function clear(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLElement>('[aria-invalid]')) mark(field, '')
  const general = form.querySelector('.problem')
  if (general) general.textContent = ''
}

function mark(field: HTMLElement, words: string): boolean {
  const place = field.closest('.field')?.querySelector('.field-problem')
  if (!place) return false
  place.textContent = words
  if (words) field.setAttribute('aria-invalid', 'true')
  else field.removeAttribute('aria-invalid')
  return true
}
