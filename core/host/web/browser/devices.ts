import { get, send } from './api.ts'
import { act, byId, make } from './elements.ts'
import { when } from './words.ts'

type Device = {
  device: string
  browser: string | null
  network: string | null
  country: string | null
  seenAt: string
  current: boolean
  signedIn: boolean
}

const countries = new Intl.DisplayNames(['en'], { type: 'region' })

await paint()
byId('end-all').addEventListener('click', async () => {
  await send('/api/sessions', undefined, 'DELETE')
  location.assign('/sign-in')
})

/** The browsers the account knows, each with a way to sign it out. */
async function paint(): Promise<void> {
  const { devices } = await get<{ devices: Device[] }>('/api/devices')
  byId('devices').replaceChildren(...devices.map(row))
}

function row(device: Device): HTMLElement {
  const where = [device.country ? countries.of(device.country) : undefined, device.network ?? undefined]
  const facts = [`Last signed in ${when(device.seenAt)}`, ...where.filter((fact) => fact !== undefined)]
  const standing = device.current ? 'This device' : device.signedIn ? 'Signed in' : 'Signed out'
  return make(
    'div',
    { class: 'device', 'data-device': device.device },
    make(
      'div',
      {},
      make('strong', {}, device.browser ?? 'A browser'),
      ' ',
      make('span', { class: `badge ${device.signedIn ? 'good' : 'open'}` }, standing),
      make('p', { class: 'fine' }, facts.join(' · ')),
    ),
    act(device.current ? 'Sign out' : 'Sign out and forget', { class: 'quiet' }, async () => {
      await send(`/api/devices/${device.device}`, undefined, 'DELETE')
      if (device.current) location.assign('/sign-in')
      else await paint()
    }),
  )
}
