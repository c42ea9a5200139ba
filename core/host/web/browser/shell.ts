import { byId, get, type Money, send, show } from './api.ts'

type Me = {
  balance: { cash: Money; held: Money }
  session: { startedAt: string; net: Money }
  bar: { kind: string; until: string } | null
}

let startedAt: number | undefined

/** Balance, net position and elapsed time stand on every page and follow what happens. */
export async function refresh(): Promise<void> {
  const me = await get<Me>('/api/me')
  byId('balance').textContent = show(me.balance.cash)
  byId('net').textContent = show(me.session.net)
  startedAt = Date.parse(me.session.startedAt)
  const bar = byId('bar')
  bar.hidden = me.bar === null
  if (me.bar)
    bar.textContent = `${me.bar.kind === 'cool_off' ? 'You are taking a break' : 'You have excluded yourself'} until ${new Date(me.bar.until).toLocaleString('en-GB')}. You can withdraw, but not deposit or play.`
}

if (document.body.dataset.signedIn === 'yes') {
  refresh().catch(() => location.assign('/sign-in'))
  setInterval(tick, 1000)
  listen()
  byId('sign-out').addEventListener('click', async () => {
    await send('/api/sessions/current', undefined, 'DELETE').catch(() => {})
    location.assign('/')
  })
}

function tick(): void {
  if (startedAt === undefined) return
  const seconds = Math.max(0, Math.floor((Date.now() - startedAt) / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  byId('elapsed').textContent =
    `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

function listen(pauseMs = 1000): void {
  const socket = new WebSocket(`wss://${location.host}/live`)
  socket.addEventListener('message', () => {
    if (document.body.dataset.playing !== 'yes') refresh().catch(() => {})
    document.dispatchEvent(new CustomEvent('changed'))
  })
  socket.addEventListener('close', () => setTimeout(() => listen(Math.min(30_000, pauseMs * 2)), pauseMs))
}
