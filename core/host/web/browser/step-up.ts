import { type Problem, send } from './api.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { askPasskey, passkeysWork, type RequestOptions } from './passkey.ts'

type Way = {
  words: string
  /** What is typed; nothing where the browser asks by itself. */
  typed?: { label: string; field: string; input: Record<string, string> }
  /** Sends the code that is then typed. */
  begin?: string
  /** What it is called beside another way. */
  name: string
}

const before = 'Before this is done, please'
const digits = { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6' }
const code = (label: string, input: Record<string, string> = digits) => ({ label, field: 'code', input })
const ways: Record<string, Way> = {
  passkey: { name: 'a passkey', words: `${before} use your passkey.` },
  totp: { name: 'your app', words: `${before} enter the code your authenticator app shows.`, typed: code('Code') },
  sms: {
    name: 'your telephone',
    words: `${before} enter the code that we have just sent to your telephone.`,
    typed: code('Code'),
    begin: '/api/sessions/step-up/code',
  },
  recovery: {
    name: 'a recovery code',
    words: `${before} enter one of your recovery codes. It is used up by it.`,
    typed: code('Recovery code', { autocomplete: 'off', maxlength: '64' }),
  },
  password: {
    name: 'your password',
    words: `${before} enter your password once more.`,
    typed: {
      label: 'Password',
      field: 'password',
      input: { type: 'password', autocomplete: 'current-password', maxlength: '256' },
    },
  },
  email: {
    name: 'your e-mail address',
    words: `${before} enter the code of six digits that we have just sent to your e-mail address.`,
    typed: code('Code'),
    begin: '/api/sessions/step-up/code',
  },
}

/**
 * Asks the player, in place, to show a factor once more, and resolves when they did; the act that needed it then goes on.
 *
 * @throws the problem itself when they would rather not
 */
export async function showAgain(problem: Problem): Promise<void> {
  const named = ((problem.members.factors ?? []) as string[]).filter((factor) => Object.hasOwn(ways, factor))
  const usable = named.filter((factor) => factor !== 'passkey' || passkeysWork)
  const choices = usable.length > 0 ? usable : ['password']
  return new Promise((resolve, reject) => {
    const dialog = make('dialog', { class: 'again', 'aria-label': 'Is it you?' }) as HTMLDialogElement
    const show = async (factor: string) => {
      const form = formOf(factor, choices, show, () => dialog.close())
      onSubmit(form, async (fields) => {
        await prove(factor, fields)
        resolve()
        dialog.close()
      })
      dialog.replaceChildren(form)
      form.querySelector('input')?.focus()
    }
    dialog.addEventListener('close', () => {
      dialog.remove()
      reject(problem) // which nobody hears who has gone on
    })
    const open = async () => {
      await begin(choices[0]!)
      await show(choices[0]!)
      document.body.append(dialog)
      dialog.showModal()
    }
    open().catch(reject)
  })
}

async function begin(factor: string): Promise<void> {
  const way = ways[factor]
  if (way?.begin) await send(way.begin)
}

async function prove(factor: string, fields: Record<string, string>): Promise<void> {
  if (factor !== 'passkey') return void (await send('/api/sessions/step-up', { factor, ...fields }))
  const response = await askPasskey(await send<RequestOptions>('/api/sessions/step-up/passkey'))
  await send('/api/sessions/step-up', { factor, response })
}

function formOf(
  factor: string,
  choices: string[],
  show: (factor: string) => Promise<void>,
  back: () => void,
): HTMLFormElement {
  const { words, typed } = ways[factor]!
  const field = typed
    ? [
        make(
          'div',
          { class: 'field' },
          make('label', { for: 'again' }, typed.label),
          make('input', {
            id: 'again',
            name: typed.field,
            required: '',
            'aria-describedby': 'again-problem',
            ...typed.input,
          }),
          make('p', { class: 'field-problem', id: 'again-problem', role: 'alert' }),
        ),
      ]
    : []
  const others = choices
    .filter((each) => each !== factor)
    .map((each) =>
      act(`Use ${ways[each]!.name}`, { class: 'quiet' }, () => {
        begin(each).catch(() => {}) // that one was sent a moment ago is as good
        show(each)
      }),
    )
  return make(
    'form',
    {},
    make('h2', {}, 'Is it you?'),
    make('p', {}, words),
    ...field,
    make('p', { class: 'problem', role: 'alert' }),
    make('div', { class: 'choice' }, make('button', { class: 'primary' }, 'Go on'), act('Back', {}, back)),
    ...(others.length > 0 ? [make('div', { class: 'choice others' }, ...others)] : []),
  ) as HTMLFormElement
}
