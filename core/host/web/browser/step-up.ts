import { type Problem, send } from './api.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'

type Way = { label: string; words: string; field: string; input: Record<string, string>; begin?: string }

const password: Way = {
  label: 'Password',
  words: 'Before this is done, please enter your password once more.',
  field: 'password',
  input: { type: 'password', autocomplete: 'current-password', maxlength: '256' },
}
const code: Record<string, string> = { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6' }
const ways: Record<string, Way> = {
  password,
  email: {
    label: 'Code',
    words: 'Before this is done, please enter the code of six digits that we have just sent to your e-mail address.',
    field: 'code',
    input: code,
    begin: '/api/sessions/step-up/code',
  },
}

/**
 * Asks the player, in place, to show a factor once more, and resolves when they did; the act that needed it then goes on.
 *
 * @throws the problem itself when they would rather not
 */
export async function showAgain(problem: Problem): Promise<void> {
  const [factor = 'password'] = (problem.members.factors ?? []) as string[]
  const way = ways[factor] ?? password
  if (way.begin) await send(way.begin)
  return new Promise((resolve, reject) => {
    const form = formOf(way, () => dialog.close())
    const dialog = make('dialog', { class: 'again', 'aria-label': 'Is it you?' }, form) as HTMLDialogElement
    onSubmit(form, async (fields) => {
      await send('/api/sessions/step-up', { factor, ...fields })
      resolve()
      dialog.close()
    })
    dialog.addEventListener('close', () => {
      dialog.remove()
      reject(problem) // which nobody hears who has gone on
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}

function formOf({ label, words, field, input }: Way, back: () => void): HTMLFormElement {
  const place = { id: 'again', name: field, required: '', 'aria-describedby': 'again-problem', ...input }
  return make(
    'form',
    {},
    make('h2', {}, 'Is it you?'),
    make('p', {}, words),
    make(
      'div',
      { class: 'field' },
      make('label', { for: 'again' }, label),
      make('input', place),
      make('p', { class: 'field-problem', id: 'again-problem', role: 'alert' }),
    ),
    make('p', { class: 'problem', role: 'alert' }),
    make('div', { class: 'choice' }, make('button', { class: 'primary' }, 'Go on'), act('Back', {}, back)),
  ) as HTMLFormElement
}
