import { byId, get, type Money, make, Problem, send, show } from './api.ts'
import { draw } from './art.ts'
import { refresh } from './shell.ts'

type Sheet = { sheet: { wheel: number[]; bets: Record<string, number[]> } }
type Round = { stake: Money; win: Money; outcome: { number: number; colour: string } }

const { sheet } = await get<Sheet>('/api/games/roulette-european')
const { balance } = await get<{ balance: { cash: Money } }>('/api/me')
const currency = balance.cash.currency
const red = new Set(sheet.bets.red)
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
const placed = new Map<string, number>() // in hundredths, for the display; the server reads the decimal string
let last = new Map<string, number>()
let chip = 100
let turned = 0

const wheel = drawWheel()
byId('stage').append(wheel.svg, drawTable())
byId('controls').append(drawControls())
addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) void spin()
})
paint()

async function spin(): Promise<void> {
  if (placed.size === 0 || document.body.dataset.playing === 'yes') return say('Place at least one chip.')
  document.body.dataset.playing = 'yes'
  paint()
  try {
    const bets = [...placed].map(([on, amount]) => ({ on, amount: (amount / 100).toFixed(2) }))
    const round = await send<Round>('/api/games/roulette-european/rounds', { bets })
    say('The ball is running …')
    await wheel.spinTo(round.outcome.number)
    const { number, colour } = round.outcome
    const won = Number(round.win.amount)
    const ahead = won > Number(round.stake.amount) // a return at or below the stake is not a win to celebrate
    say(`${number} ${colour}. ${won > 0 ? `Returned ${show(round.win)}.` : 'No return this time.'}`, ahead)
    last = new Map(placed)
  } catch (error) {
    say(
      error instanceof Problem
        ? error.message
        : 'The casino cannot be reached. Your round, if it was played, is in your history.',
    )
  } finally {
    document.body.dataset.playing = 'no'
    paint()
    await refresh().catch(() => {})
  }
}

function drawWheel() {
  const svg = draw('svg', { viewBox: '-110 -110 220 220', class: 'wheel', role: 'img', 'aria-label': 'Roulette wheel' })
  const rotor = draw('g', { class: 'rotor' })
  const slice = 360 / sheet.wheel.length
  svg.append(
    draw('circle', { r: 108, fill: '#3b2616' }),
    draw('circle', { r: 101, fill: '#c19a55' }),
    draw('circle', { r: 99, fill: '#20140b' }),
    rotor,
  )
  sheet.wheel.forEach((number, index) => {
    const from = ((index - 0.5) * slice - 90) * (Math.PI / 180)
    const to = ((index + 0.5) * slice - 90) * (Math.PI / 180)
    const at = (angle: number, r: number) => `${(Math.cos(angle) * r).toFixed(2)} ${(Math.sin(angle) * r).toFixed(2)}`
    const fill = number === 0 ? '#1f7a55' : red.has(number) ? '#a82a33' : '#17191f'
    rotor.append(
      draw('path', {
        d: `M${at(from, 97)}A97 97 0 0 1 ${at(to, 97)}L${at(to, 60)}A60 60 0 0 0 ${at(from, 60)}Z`,
        fill,
        stroke: '#c19a55',
        'stroke-width': 0.5,
      }),
    )
    const label = draw('text', { transform: `rotate(${index * slice}) translate(0 -85)`, class: 'pocket' })
    label.textContent = String(number)
    rotor.append(label)
  })
  rotor.append(
    draw('circle', { r: 58, fill: '#5b3a1e' }),
    draw('circle', { r: 40, fill: '#7a5229' }),
    draw('circle', { r: 14, fill: '#c19a55' }),
  )
  for (const angle of [0, 90, 180, 270])
    rotor.append(
      draw('rect', { x: -2, y: -36, width: 4, height: 26, rx: 2, fill: '#c19a55', transform: `rotate(${angle})` }),
    )
  const ball = draw('g', { class: 'ball' })
  ball.append(draw('circle', { cx: 0, cy: -68, r: 4.2, fill: '#fdfaf2' }))
  svg.append(ball)
  return {
    svg,
    /** The wheel slows as a wheel does and the ball ends in the pocket the server drew. */
    async spinTo(number: number): Promise<void> {
      const seconds = calm ? 0.01 : 5
      const index = sheet.wheel.indexOf(number)
      turned += 360 * 3
      const rest = turned - ((turned - index * slice) % 360) // where this pocket stands on top
      turned = rest
      rotor.style.transition = `transform ${seconds}s cubic-bezier(.12,.6,.2,1)`
      rotor.style.transform = `rotate(${rest - 2 * index * slice}deg)`
      ball.style.transition = 'none'
      ball.style.transform = 'rotate(0deg)'
      ball.getBoundingClientRect()
      ball.style.transition = `transform ${seconds}s cubic-bezier(.2,.55,.2,1)`
      ball.style.transform = 'rotate(-2160deg)'
      turned = rest - 2 * index * slice
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    },
  }
}

function drawTable(): HTMLElement {
  const table = make('div', { class: 'layout', role: 'group', 'aria-label': 'Betting table' })
  const spot = (on: string, text: string, classes: string) => {
    const button = make(
      'button',
      { class: `spot ${classes}`, 'data-on': on, 'aria-label': `Bet on ${text}` },
      make('span', {}, text),
      make('i', { class: 'chip' }),
    )
    button.addEventListener('click', () => place(on, chip))
    button.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      place(on, -chip)
    })
    return button
  }
  table.append(spot('straight:0', '0', 'zero'))
  for (const row of [3, 2, 1])
    for (let column = 0; column < 12; column++) {
      const number = column * 3 + row
      table.append(spot(`straight:${number}`, String(number), `number ${red.has(number) ? 'red' : 'black'}`))
    }
  for (const column of [3, 2, 1]) table.append(spot(`column:${column}`, '2 : 1', `column c${column}`))
  for (const [dozen, text] of [
    [1, '1st 12'],
    [2, '2nd 12'],
    [3, '3rd 12'],
  ] as const)
    table.append(spot(`dozen:${dozen}`, text, 'dozen'))
  for (const [on, text] of [
    ['low', '1–18'],
    ['even', 'Even'],
    ['red', 'Red'],
    ['black', 'Black'],
    ['odd', 'Odd'],
    ['high', '19–36'],
  ] as const)
    table.append(spot(on, text, `even ${on}`))
  return table
}

function drawControls(): HTMLElement {
  const chips = make('div', { class: 'chips', role: 'radiogroup', 'aria-label': 'Chip' })
  for (const value of [50, 100, 500, 1000, 2500]) {
    const button = make(
      'button',
      { class: 'chip-choice', role: 'radio', 'data-value': String(value), 'aria-checked': String(value === chip) },
      String(value / 100),
    )
    button.addEventListener('click', () => {
      chip = value
      for (const other of chips.children) other.setAttribute('aria-checked', String(other === button))
    })
    chips.append(button)
  }
  const act = (text: string, classes: string, work: () => void) => {
    const button = make('button', { class: classes }, text)
    button.addEventListener('click', work)
    return button
  }
  return make(
    'div',
    { class: 'actions' },
    chips,
    act('Clear', '', () => {
      placed.clear()
      paint()
    }),
    act('Same again', '', () => {
      for (const [on, amount] of last) placed.set(on, amount)
      paint()
    }),
    make('output', { id: 'staked' }),
    act('Spin', 'primary spin', () => void spin()),
  )
}

function place(on: string, amount: number): void {
  if (document.body.dataset.playing === 'yes') return
  const next = (placed.get(on) ?? 0) + amount
  if (next > 0) placed.set(on, next)
  else placed.delete(on)
  paint()
}

function paint(): void {
  const playing = document.body.dataset.playing === 'yes'
  for (const spot of document.querySelectorAll<HTMLElement>('.spot')) {
    const amount = placed.get(spot.dataset.on ?? '')
    const mark = spot.querySelector('.chip')
    if (mark) mark.textContent = amount ? String(amount / 100) : ''
    spot.classList.toggle('chosen', amount !== undefined)
  }
  const staked = [...placed.values()].reduce((sum, amount) => sum + amount, 0)
  byId('staked').textContent = `Stake ${show({ amount: (staked / 100).toFixed(2), currency })}`
  document.querySelector('.spin')?.toggleAttribute('disabled', playing)
}

function say(text: string, ahead = false): void {
  byId('result').textContent = text
  byId('result').classList.toggle('ahead', ahead)
}
