import { get, onStepUp, send } from './api.ts'
import { asking, type Cell, confirm, fill, onPress, openDialog, table, tell } from './desk-parts.ts'
import { act, make } from './elements.ts'
import { askPasskey, type CreationOptions, createPasskey, type RequestOptions } from './passkey.ts'
import { when } from './words.ts'

type Passkey = { passkey: string; label: string; addedAt: string; usedAt: string | null }

/** What its person signs in with: never nothing, and changed by who has just shown that it is them. */
export async function paintPasskeys(): Promise<void> {
  await fill('passkeys', async () => {
    const { passkeys } = await get<{ passkeys: Passkey[] }>('/api/passkeys')
    const rows = passkeys.map((one): Cell[] => [
      one.label,
      when(one.addedAt),
      one.usedAt ? when(one.usedAt) : 'never',
      make('span', { class: 'decision' }, renaming(one), ...(passkeys.length > 1 ? [removing(one)] : [])),
    ])
    const advice = 'Have two, on two devices: who loses the last one needs two colleagues to get in again.'
    return make(
      'div',
      {},
      table(['Name', 'Added', 'Last used', ''], rows, 'You have none.'),
      ...(passkeys.length < 2 ? [make('p', { class: 'fine' }, advice)] : []),
    )
  })
}

export function openPasskeys(): void {
  onStepUp(signInAgain)
  onPress('add-passkey', () => {
    const close = openDialog(
      'Add a passkey',
      '',
      make('h2', {}, 'Add a passkey'),
      make('p', { class: 'fine' }, 'On this device, on your telephone, or on a security key.'),
      asking('label', 'Make it', 'What you call it', async (label) => {
        const options = await send<CreationOptions>('/api/passkeys/options')
        await send('/api/passkeys', { label, passkey: await createPasskey(options) })
        close()
        await paintPasskeys()
        tell('The passkey was added.')
      }),
      act('Back', {}, () => close()),
    )
  })
}

/** The sign-in is older than a change of passkeys may be: its person shows a passkey, and what they asked for goes on. */
async function signInAgain(): Promise<void> {
  const options = await send<RequestOptions>('/api/sessions/challenge')
  await send('/api/sessions', { passkey: await askPasskey(options) })
}

function renaming({ passkey, label }: Passkey): HTMLElement {
  return act('Rename', { 'aria-label': `Rename ${label}` }, () => {
    const close = openDialog(
      'Rename',
      '',
      make('h2', {}, `Rename ${label}`),
      asking(
        'label',
        'Rename',
        'What you call it',
        async (next) => {
          await send(`/api/passkeys/${passkey}`, { label: next }, 'PATCH')
          close()
          await paintPasskeys()
        },
        label,
      ),
      act('Back', {}, () => close()),
    )
  })
}

function removing({ passkey, label }: Passkey): HTMLElement {
  return act('Remove', { class: 'danger', 'aria-label': `Remove ${label}` }, () =>
    confirm(
      { title: `Remove ${label}?`, words: 'It opens nothing any more.', button: 'Remove', danger: true },
      async () => {
        await send(`/api/passkeys/${passkey}`, undefined, 'DELETE')
        await paintPasskeys()
        tell('The passkey is gone.')
      },
    ),
  )
}
