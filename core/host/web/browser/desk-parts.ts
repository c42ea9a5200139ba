import { Problem, wordsOf } from './api.ts'
import { act, byId, make } from './elements.ts'
import { answer } from './form.ts'
import { moodOf, stateName } from './words.ts'

/** Draws a part of the desk again, unless it would look the same; what somebody is typing there stays. */
export async function fill(id: string, read: () => Promise<HTMLElement>): Promise<void> {
  const place = byId(id)
  const next = await read().catch((error: unknown) => make('p', { class: 'problem' }, wordsOf(error)))
  if (place.firstElementChild?.isEqualNode(next)) return
  const typed = new Map([...place.querySelectorAll('input')].map((input) => [input.id, input.value]))
  const focused = place.contains(document.activeElement) ? document.activeElement?.id : undefined
  place.replaceChildren(next)
  for (const input of place.querySelectorAll('input')) {
    input.value = typed.get(input.id) ?? input.value
    if (input.id === focused) input.focus()
  }
}

export type Cell = string | Node
export function table(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>, empty: string): HTMLElement {
  if (rows.length === 0) return make('p', { class: 'fine' }, empty)
  const isAmount = (at: number) => head[at] === 'Amount'
  const cell = (tag: string, content: Cell, at: number) => make(tag, isAmount(at) ? { class: 'number' } : {}, content)
  return make(
    'div',
    { class: 'scroll' },
    make(
      'table',
      {},
      make('thead', {}, make('tr', {}, ...head.map((text, at) => cell('th', text, at)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((content, at) => cell('td', content, at))))),
    ),
  )
}

export function badge(state: string): HTMLElement {
  return make('span', { class: `badge ${moodOf(state)}` }, stateName(state))
}

/** A code, short enough for a table; the whole of it is its title. */
export function code(text: string): HTMLElement {
  return make('code', { title: text }, text.length > 16 ? `${text.slice(0, 4)}…${text.slice(-6)}` : text)
}

/** Says what was done, for a while. */
export function tell(text: string): void {
  const toast = byId('told')
  toast.textContent = text
  toast.hidden = false
  setTimeout(() => {
    if (toast.textContent === text) toast.hidden = true
  }, 8000)
}

/** A button of the page does something from now on, if it is there for who looks: it stands disabled until then. */
export function onPress(id: string, work: () => void): void {
  const button = document.getElementById(id)
  if (!(button instanceof HTMLButtonElement)) return
  button.addEventListener('click', work)
  button.disabled = false
}

/** Asks once more, with what it means, before something is done that cannot be undone; stays open while it is refused. */
export function confirm(
  question: { title: string; words: string; button: string; danger?: boolean },
  work: () => Promise<void>,
): void {
  const problem = make('p', { class: 'problem', role: 'alert' })
  const go = act(question.button, { class: question.danger ? 'danger' : 'primary' }, async () => {
    go.disabled = true
    problem.textContent = ''
    try {
      await work()
      dialog.close()
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : wordsOf(error)
      go.disabled = false
    }
  })
  const dialog = make(
    'dialog',
    { class: 'confirm', 'aria-label': question.title },
    make('h2', {}, question.title),
    make('p', {}, question.words),
    problem,
    make(
      'div',
      { class: 'decision' },
      go,
      act('Back', {}, () => dialog.close()),
    ),
  ) as HTMLDialogElement
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

/** A dialog that is gone when it is closed; answers how to close it. */
export function openDialog(label: string, kind: string, ...content: Array<Node | string>): () => void {
  const dialog = make(
    'dialog',
    { class: `confirm ${kind}`.trim(), 'aria-label': label },
    ...content,
  ) as HTMLDialogElement
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  return () => dialog.close()
}

/** Words with the button that needs them; what is refused is told beside it. */
export function asking(
  id: string,
  text: string,
  label: string,
  work: (words: string) => Promise<void>,
  value = '',
): HTMLElement {
  const input = make('input', {
    id,
    placeholder: label,
    'aria-label': label,
    required: '',
    minlength: '3',
    maxlength: '400',
    value,
  }) as HTMLInputElement
  const problem = make('p', { class: 'problem', role: 'alert' })
  const form = make('form', { class: 'decision' }, input, make('button', {}, text), problem)
  answer(form, async () => {
    problem.textContent = ''
    await work(input.value.trim()).catch((error: Error) => {
      problem.textContent = error.message
    })
  })
  return form
}

/** A labelled field of a dialog's form, with a place for its problem. */
export function field(label: string, input: HTMLElement): HTMLElement {
  const id = `field-${input.getAttribute('name')}`
  input.id = id
  return make(
    'div',
    { class: 'field' },
    make('label', { for: id }, label),
    input,
    make('p', { class: 'field-problem', role: 'alert' }),
  )
}

export function choice(name: string, options: ReadonlyArray<readonly [value: string, text: string]>, first = '') {
  const select = make(
    'select',
    { name },
    ...options.map(([value, text]) => make('option', { value }, text)),
  ) as HTMLSelectElement
  if (first) select.value = first
  return select
}
