import { send, wordsOf } from './api.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'
import { when } from './words.ts'

export type Factor = {
  factor: string
  kind: 'passkey' | 'totp' | 'sms'
  label: string
  addedAt: string
  usedAt: string | null
  phone?: string
  backedUp?: boolean
}

const kinds = { passkey: 'Passkey', totp: 'Authenticator app', sms: 'Telephone' }

/** One of the player's factors: what it is, another name for it, and taking it away, which asks twice. */
export function row(factor: Factor, done: (words: string) => Promise<void>): HTMLElement {
  const problem = make('p', { class: 'problem', role: 'alert' })
  const name = make('strong', {}, factor.label)
  const rename = act('Rename', { class: 'quiet' }, () => item.replaceChildren(renaming(factor, done)))
  const remove = act('Remove', { class: 'quiet' }, async () => {
    if (remove.textContent === 'Remove') {
      remove.textContent = 'Remove for good?'
      remove.className = 'danger'
      return
    }
    await send(`/api/factors/${factor.factor}`, undefined, 'DELETE').then(
      () => done(`“${factor.label}” was removed.`),
      (error) => {
        problem.textContent = wordsOf(error)
      },
    )
  })
  const item = make(
    'li',
    { class: 'factor' },
    make('div', {}, name, make('small', {}, facts(factor))),
    make('div', { class: 'choice' }, rename, remove),
    problem,
  )
  return item
}

function facts({ kind, phone, backedUp, addedAt, usedAt }: Factor): string {
  const kept = backedUp ? ', kept by its maker too' : ''
  const used = usedAt ? `last used ${when(usedAt)}` : 'not used yet'
  return `${kinds[kind]}${phone ? ` ${phone}` : ''}${kept} · added ${when(addedAt)} · ${used}`
}

function renaming(factor: Factor, done: (words: string) => Promise<void>): HTMLElement {
  const input = make('input', {
    name: 'label',
    value: factor.label,
    maxlength: '60',
    required: '',
    'aria-label': 'Name',
  })
  const form = make(
    'form',
    { class: 'filter' },
    make('div', { class: 'field' }, input, make('p', { class: 'field-problem', role: 'alert' })),
    make('button', { class: 'primary' }, 'Save'),
    make('p', { class: 'problem', role: 'alert' }),
  ) as HTMLFormElement
  onSubmit(form, async ({ label = '' }) => {
    await send(`/api/factors/${factor.factor}`, { label }, 'PATCH')
    await done(`It is called “${label}” now.`)
  })
  return form
}
