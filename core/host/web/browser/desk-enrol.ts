import { get, Problem, send } from './api.ts'
import { choice, field, onPress, openDialog, tell } from './desk-parts.ts'
import { act, make } from './elements.ts'
import { onSubmit } from './form.ts'

type Role = { role: string; title: string }

/** Enrolling a colleague: a link at once, or, where the role is privileged, once somebody else has approved it. */
export function openEnrolling(after: () => Promise<void>): void {
  onPress('enrol-member', async () => {
    const { roles } = await get<{ roles: Role[] }>('/api/roles')
    const who = make('input', { name: 'who', required: '', minlength: '2', maxlength: '120' })
    const form = make(
      'form',
      { class: 'asking' },
      make('h2', {}, 'Enrol somebody'),
      field('Who it is', who),
      field(
        'Role',
        choice(
          'role',
          roles.map(({ role, title }) => [role, title] as const),
          'support',
        ),
      ),
      make('p', { class: 'problem', role: 'alert' }),
      make(
        'div',
        { class: 'decision' },
        make('button', { class: 'primary' }, 'Make a link'),
        act('Back', {}, () => close()),
      ),
    ) as HTMLFormElement
    const close = openDialog('Enrol somebody', '', form)
    onSubmit(form, async ({ who = '', role = '' }) => {
      try {
        form.replaceWith(await madeFor(role))
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'staff.approval_absent')) throw error
        await send('/api/proposals', { act: 'staff.enrol', payload: { role, who }, reason: `Enrol ${who}` })
        close()
        tell('This role takes two: it waits for somebody else’s approval. Then you find the link under Approvals.')
        await after()
      }
    })
  })
}

/** The button that uses an approval for a link. */
export function linkFor(place: { role: string; proposal: string }): HTMLElement {
  const button = act('Make the link', { class: 'primary' }, async () => {
    button.disabled = true
    await madeFor(place.role, place.proposal).then(
      (link) => button.replaceWith(link),
      (error: Error) => button.replaceWith(make('p', { class: 'problem', role: 'alert' }, error.message)),
    )
  })
  return button
}

async function madeFor(role: string, proposal?: string): Promise<HTMLElement> {
  const { url } = await send<{ url: string }>('/api/enrolments', { role, ...(proposal ? { proposal } : {}) })
  const input = make('input', { value: url, readonly: '', 'aria-label': 'The link' }) as HTMLInputElement
  input.addEventListener('focus', () => input.select())
  return make(
    'div',
    { class: 'asking' },
    make('p', {}, 'Hand this link to them. It works once, for a day, and is shown this once.'),
    input,
  )
}
