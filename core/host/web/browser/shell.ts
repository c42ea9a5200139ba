import { get, onStepUp, send } from './api.ts'
import { byId } from './elements.ts'
import { type Money, minorOf, show, showSigned } from './money.ts'
import { showAgain } from './step-up.ts'
import { when } from './words.ts'

type Me = {
  balance: { cash: Money; held: Money }
  session: { startedAt: string; net: Money }
  bar: { kind: string; until: string } | null
}

const signedOut = 4401
let startedAt: number | undefined
let asked = 0

/** Balance, net position and elapsed time stand on every page and follow what happens. */
export async function refresh(): Promise<void> {
  const mine = ++asked
  const me = await get<Me>('/api/me')
  if (mine !== asked) return // a later question has the later answer
  showBalance(me.balance.cash)
  showHeld(me.balance.held)
  byId('net').textContent = showSigned(me.session.net)
  startedAt = Date.parse(me.session.startedAt)
  tick()
  const bar = byId('bar')
  bar.hidden = me.bar === null
  if (me.bar)
    bar.textContent = `${me.bar.kind === 'cool_off' ? 'You are taking a break' : 'You have excluded yourself'} until ${when(me.bar.until)}. You can withdraw, but not deposit or play.`
}

/** What a game knows of the balance before the page asks again. */
export function showBalance(cash: Money): void {
  byId('balance').textContent = show(cash)
}

/** What rounds that wait for the player, and payments under way, hold back [GLI-4.16.2-2]. */
function showHeld(held: Money): void {
  const place = byId('held')
  place.hidden = minorOf(held) === 0n
  place.textContent = `+ ${show(held)} held`
}

if (document.body.dataset.signedIn === 'yes') {
  onStepUp(showAgain)
  refresh().catch(() => {}) // a lost session leads to the sign-in page by itself
  setInterval(tick, 1000)
  listen()
  document.addEventListener('changed', () => {
    if (document.body.dataset.playing !== 'yes') refresh().catch(() => {})
  })
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
  const changed = () => document.dispatchEvent(new CustomEvent('changed'))
  let next = Math.min(30_000, pauseMs * 2)
  socket.addEventListener('open', () => {
    next = 1000
    changed() // what happened between the reading of the page and now was not heard
  })
  socket.addEventListener('message', changed)
  socket.addEventListener('close', ({ code }) => {
    if (code === signedOut) changed() // asking leads to the sign-in, unless this page goes on under a new cookie
    setTimeout(() => listen(next), pauseMs)
  })
}
