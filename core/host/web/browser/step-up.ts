import { type Problem, send } from './api.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'

/**
 * Asks the player, in place, to show a factor once more, and resolves when they did; the act that needed it then goes on.
 *
 * @throws the problem itself when they would rather not
 */
export function showAgain(problem: Problem): Promise<void> {
  const [factor = 'password'] = (problem.members.factors ?? []) as string[]
  return new Promise((resolve, reject) => {
    const input = make('input', {
      id: 'again',
      name: factor,
      type: 'password',
      autocomplete: 'current-password',
      maxlength: '256',
      required: '',
    })
    const form = make(
      'form',
      {},
      make('h2', {}, 'Is it you?'),
      make('p', {}, 'Before this is done, please enter your password once more.'),
      make(
        'div',
        { class: 'field' },
        make('label', { for: 'again' }, 'Password'),
        input,
        make('p', { class: 'field-problem', role: 'alert' }),
      ),
      make('p', { class: 'problem', role: 'alert' }),
      make(
        'div',
        { class: 'choice' },
        make('button', { class: 'primary' }, 'Go on'),
        act('Back', {}, () => dialog.close()),
      ),
    ) as HTMLFormElement
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
