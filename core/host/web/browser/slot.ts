import { byId, get, type Money, make, Problem, send, show } from './api.ts'
import { draw, symbol } from './art.ts'
import { refresh } from './shell.ts'

type LineWin = { line: number; symbol: string; count: number; times: number }
type Spin = { window: string[][]; lineWins: LineWin[]; scatters: number; win: string }
type Round = { stake: Money; win: Money; outcome: { base: Spin; free: Spin[]; freeAwarded: number } }
type Sheet = {
  sheet: {
    strips: string[][]
    lines: number[][]
    pays: Record<string, Record<string, number>>
    scatterPays: Record<string, number>
  }
}

const game = document.querySelector<HTMLElement>('[data-game]')?.dataset.game ?? ''
const { sheet } = await get<Sheet>(`/api/games/${game}`)
const { balance } = await get<{ balance: { cash: Money } }>('/api/me')
const currency = balance.cash.currency
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
const stakes = ['0.20', '0.40', '1.00', '2.00', '5.00', '10.00']
let stake = '1.00'

const reels = sheet.strips.map((strip) => drawReel(strip.slice(0, 3)))
const lines = draw('svg', { viewBox: '0 0 500 300', class: 'lines', 'aria-hidden': 'true' })
byId('stage').append(
  make('div', { class: 'reels' }, ...reels.map((reel) => reel.element), lines as unknown as Node),
  paytable(),
)
byId('controls').append(drawControls())
addEventListener('keydown', (event) => {
  if (
    (event.key === ' ' || event.key === 'Enter') &&
    !(event.target instanceof HTMLElement && event.target.closest('button,select,summary,a'))
  ) {
    event.preventDefault()
    void play()
  }
})

async function play(): Promise<void> {
  if (document.body.dataset.playing === 'yes') return
  document.body.dataset.playing = 'yes'
  document.querySelector('.spin')?.setAttribute('disabled', '')
  say('')
  lines.replaceChildren()
  try {
    const round = await send<Round>(`/api/games/${game}/rounds`, { stake })
    await showSpin(round.outcome.base)
    if (round.outcome.free.length > 0) await showFreeSpins(round)
    const won = Number(round.win.amount)
    say(won > 0 ? `Returned ${show(round.win)}.` : 'No return this time.', won > Number(round.stake.amount))
  } catch (error) {
    say(
      error instanceof Problem
        ? error.message
        : 'The casino cannot be reached. Your round, if it was played, is in your history.',
    )
  } finally {
    document.body.dataset.playing = 'no'
    document.querySelector('.spin')?.removeAttribute('disabled')
    await refresh().catch(() => {})
  }
}

async function showFreeSpins(round: Round): Promise<void> {
  document.body.classList.add('free')
  let sum = 0
  for (const [index, spin] of round.outcome.free.entries()) {
    say(
      `Free spin ${index + 1} of ${round.outcome.free.length}, pays double. So far ${show({ amount: (sum / 100).toFixed(2), currency })}.`,
    )
    await showSpin(spin)
    sum += Number(spin.win)
  }
  document.body.classList.remove('free')
}

async function showSpin(spin: Spin): Promise<void> {
  lines.replaceChildren()
  await Promise.all(reels.map((reel, index) => reel.roll(spin.window[index] ?? [], calm ? 0 : 700 + index * 260)))
  for (const win of spin.lineWins) markLine(win)
  if (spin.scatters >= 3) for (const cell of document.querySelectorAll('[aria-label=moon]')) cell.classList.add('lit')
  await pause(calm ? 50 : spin.lineWins.length > 0 || spin.scatters >= 3 ? 900 : 250)
}

function drawReel(symbols: string[]) {
  const band = make('div', { class: 'band' })
  const element = make('div', { class: 'reel' }, band)
  const set = (names: string[]) =>
    band.replaceChildren(...names.map((name) => make('div', { class: 'cell' }, symbol(name) as unknown as Node)))
  set(symbols)
  let shown = symbols
  return {
    element,
    async roll(target: string[], ms: number): Promise<void> {
      if (ms === 0) {
        set(target)
        shown = target
        return
      }
      const passing = Array.from(
        { length: 14 },
        () => Object.keys(sheet.pays)[Math.floor(Math.random() * Object.keys(sheet.pays).length)] as string,
      )
      set([...target, ...passing, ...shown]) // what passes by is decoration; what stops is the server's
      band.style.transition = 'none'
      band.style.transform = `translateY(${(-(passing.length + 3) / (passing.length + 6)) * 100}%)`
      band.getBoundingClientRect()
      band.style.transition = `transform ${ms}ms cubic-bezier(.2,.7,.25,1.04)`
      band.style.transform = 'translateY(0)'
      await pause(ms)
      band.style.transition = 'none'
      set(target)
      shown = target
    },
  }
}

function markLine({ line, count }: LineWin): void {
  const rows = sheet.lines[line] ?? []
  const points = rows.map((row, reel) => `${reel * 100 + 50},${row * 100 + 50}`)
  lines.append(draw('polyline', { points: points.join(' '), class: 'line' }))
  rows.slice(0, count).forEach((row, reel) => {
    document.querySelectorAll('.reel')[reel]?.querySelectorAll('.cell')[row]?.classList.add('lit')
  })
}

function drawControls(): HTMLElement {
  const select = make('select', { 'aria-label': 'Stake' }) as HTMLSelectElement
  for (const value of stakes) {
    const option = make('option', { value }, show({ amount: value, currency })) as HTMLOptionElement
    option.selected = value === stake
    select.append(option)
  }
  select.addEventListener('change', () => {
    stake = select.value
  })
  const spin = make('button', { class: 'primary spin' }, 'Spin')
  spin.addEventListener('click', () => void play())
  return make('div', { class: 'actions' }, make('label', {}, 'Stake', select), spin)
}

function paytable(): HTMLElement {
  const rows = Object.entries(sheet.pays).map(([name, pays]) =>
    make(
      'li',
      {},
      symbol(name) as unknown as Node,
      make(
        'span',
        {},
        Object.entries(pays)
          .map(([count, times]) => `${count} × ${times}`)
          .join('  '),
      ),
    ),
  )
  const scatter = make(
    'li',
    {},
    symbol('moon') as unknown as Node,
    make('span', {}, '3 or more: 10 free spins, pay double'),
  )
  return make(
    'details',
    { class: 'paytable' },
    make('summary', {}, 'Paytable, times the stake per line'),
    make('ul', {}, ...rows, scatter),
  )
}

function say(text: string, ahead = false): void {
  byId('result').textContent = text
  byId('result').classList.toggle('ahead', ahead)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
