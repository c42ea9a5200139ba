import { get, send, wordsOf } from './api.ts'
import { act, byId, make } from './elements.ts'
import { drawFelt } from './felt.ts'
import { type Money, minorOf, moneyOf, show } from './money.ts'
import { calm, countUp } from './motion.ts'
import { refresh, showBalance } from './shell.ts'
import { forgetBet, latestRounds, noteBet, type Played, unfinishedBet } from './unfinished.ts'
import { drawWheel } from './wheel.ts'

type Sheet = { sheet: { wheel: number[]; bets: Record<string, number[]> } }
type Outcome = { number: number; colour: string; wins: string[] }
type Round = Played & { stake: Money; win: Money; outcome: Outcome; balance: { cash: Money } }

const game = 'roulette-european'
const chipValues = [50n, 100n, 500n, 2500n, 10_000n] // minor units
const recentMax = 12

const [{ sheet }, me, latest] = await Promise.all([
  get<Sheet>(`/api/games/${game}`),
  get<{ balance: { cash: Money } }>('/api/me'),
  latestRounds<Round>(game),
])
const example = me.balance.cash
const red = new Set(sheet.bets.red)

const placed = new Map<string, bigint>()
let before: Array<Map<string, bigint>> = []
let last = new Map<string, bigint>()
let returned = new Map<string, bigint>()
let chip = 100n
let newest = latest.newest
let recent = latest.rounds.map(({ outcome }) => outcome.number).slice(0, recentMax)

const wheel = drawWheel(sheet.wheel, red)
const felt = drawFelt(sheet.bets, { place: (on) => place(on, chip), take: (on) => place(on, -chip) })
const badge = make('p', { class: 'landed', 'aria-hidden': 'true' })
const result = make('p', { id: 'result', class: 'result', role: 'status', 'aria-live': 'polite' })
const strip = make('ol', { class: 'recent', 'aria-label': 'Numbers that fell last, newest first' })
const staked = make('output', { id: 'staked' })
const spinButton = act('Spin', { class: 'primary spin', 'aria-keyshortcuts': 's' }, () => void spin())
const undoButton = act('Undo', {}, undo)
const clearButton = act('Clear', {}, () => change(() => placed.clear()))
const againButton = act('Same again', {}, repeat)

byId('stage').append(
  make('div', { class: 'wheel-box' }, wheel.svg),
  make('div', { class: 'outcome' }, badge, result, strip),
  make('div', { class: 'felt-box' }, felt.element, hints()),
)
byId('controls').append(
  chips(),
  make('div', { class: 'acts' }, undoButton, clearButton, againButton),
  make('p', { class: 'stake' }, 'Stake', staked),
  spinButton,
)
byId('stage').querySelector('.wheel-box')?.addEventListener('click', wheel.hurry)
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return
  if (event.key === 's' || event.key === 'S') void spin()
  if (event.key === 'r' || event.key === 'R') repeat()
})
paint()
paintRecent()
tellUnfinished()

/** One round. While the ball runs, asking again shows at once where it ends. */
async function spin(): Promise<void> {
  if (document.body.dataset.playing === 'yes') return wheel.hurry()
  if (placed.size === 0) return say('Place at least one chip.')
  const bets = [...placed].map(([on, amount]) => ({ on, amount: moneyOf(amount, example).amount }))
  document.body.dataset.playing = 'yes'
  felt.mark(undefined)
  badge.textContent = ''
  say('Asking the casino …')
  paint()
  noteBet(game, newest)
  try {
    const round = await send<Round>(`/api/games/${game}/rounds`, { bets })
    newest = round.round
    showBalance(moneyOf(minorOf(round.balance.cash) - minorOf(round.win), example))
    document.body.dataset.running = 'yes'
    say('The ball is running …')
    await wheel.spinTo(round.outcome.number)
    last = new Map(placed)
    before = []
    placed.clear()
    returned = new Map(
      [...last.keys()].flatMap((on, index) => {
        const win = BigInt(round.outcome.wins[index] ?? '0')
        return win > 0n ? [[on, win]] : []
      }),
    )
    paint()
    await tell(round)
  } catch (error) {
    say(wordsOf(error))
  } finally {
    forgetBet()
    document.body.dataset.playing = 'no'
    paint()
    await refresh().catch(() => {})
    await pauseThen(() => {
      document.body.dataset.running = 'no'
    })
  }
}

/** A return at or below the stake is told, and not celebrated. */
async function tell({ outcome, stake, win }: Round): Promise<void> {
  const { number, colour } = outcome
  showLanded(number, colour)
  recent = [number, ...recent].slice(0, recentMax)
  paintRecent()
  const won = minorOf(win)
  const ahead = won > minorOf(stake)
  if (won === 0n) say(`${number} ${colour}. No return this time.`)
  else if (ahead)
    await countUp(0n, won, 700, (amount) => say(`${number} ${colour}. Returned ${show(moneyOf(amount, win))}.`, true))
  else say(`${number} ${colour}. Returned ${show(win)} of ${show(stake)}.`)
}

function showLanded(number: number, colour: string): void {
  badge.textContent = String(number)
  badge.dataset.colour = colour
  felt.mark(number)
}

function tellUnfinished(): void {
  const found = unfinishedBet(game, latest)
  if (found === undefined) {
    say('Place your bets.')
    return
  }
  if (found === null) {
    say('Your last bet did not reach the casino. Nothing was staked.')
    return
  }
  const { number, colour } = found.outcome
  showLanded(number, colour)
  say(`Your last bet was played: ${number} ${colour}. Returned ${show(found.win)} of ${show(found.stake)}.`)
}

/** On a small screen the wheel lies over the table while it turns; it stays a moment after the ball fell. */
async function pauseThen(work: () => void): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, calm ? 0 : 900))
  if (document.body.dataset.playing !== 'yes') work()
}

function place(on: string, amount: bigint): void {
  change(() => {
    const next = (placed.get(on) ?? 0n) + amount
    if (next > 0n) placed.set(on, next)
    else placed.delete(on)
  })
}

function repeat(): void {
  if (last.size === 0) return
  change(() => {
    placed.clear()
    for (const [on, amount] of last) placed.set(on, amount)
  })
}

function undo(): void {
  const earlier = before.pop()
  if (!earlier || document.body.dataset.playing === 'yes') return
  placed.clear()
  for (const [on, amount] of earlier) placed.set(on, amount)
  paint()
}

function change(work: () => void): void {
  if (document.body.dataset.playing === 'yes') return
  before.push(new Map(placed))
  returned.clear()
  work()
  felt.mark(undefined)
  paint()
}

function paint(): void {
  const playing = document.body.dataset.playing === 'yes'
  if (placed.size > 0) felt.paint(placed, 'placed', brief)
  else felt.paint(returned, 'returned', brief)
  staked.textContent = show(
    moneyOf(
      [...placed.values()].reduce((sum, amount) => sum + amount, 0n),
      example,
    ),
  )
  undoButton.disabled = playing || before.length === 0
  clearButton.disabled = playing || placed.size === 0
  againButton.disabled = playing || last.size === 0
  spinButton.textContent = playing ? 'Skip' : 'Spin'
}

function paintRecent(): void {
  strip.replaceChildren(
    ...recent.map((number) =>
      make('li', { 'data-colour': number === 0 ? 'green' : red.has(number) ? 'red' : 'black' }, String(number)),
    ),
  )
}

function chips(): HTMLElement {
  const group = make('div', { class: 'chips', role: 'group', 'aria-label': 'Chip' })
  for (const value of chipValues) {
    const pressed = { 'aria-pressed': String(value === chip), 'aria-label': `Chip of ${show(moneyOf(value, example))}` }
    const button = act(brief(value), { class: 'chip-choice', 'data-value': String(value), ...pressed }, () => {
      chip = value
      for (const other of group.children) other.setAttribute('aria-pressed', String(other === button))
    })
    group.append(button)
  }
  return group
}

function hints(): HTMLElement {
  const lines = make(
    'label',
    { class: 'check' },
    make('input', { type: 'checkbox' }),
    make('span', {}, 'Bets on lines and corners'),
  )
  const box = lines.querySelector('input') as HTMLInputElement
  box.checked = matchMedia('(pointer: fine)').matches // a finger would hit the lines by mistake
  const apply = () => felt.element.classList.toggle('with-lines', box.checked)
  box.addEventListener('change', apply)
  apply()
  return make(
    'div',
    { class: 'hints' },
    lines,
    make(
      'p',
      { class: 'fine wide-only' },
      'Arrows move, Shift: lines · Enter places, Delete takes back · R repeats · S spins',
    ),
  )
}

/** An amount as it fits on a chip: without decimals that say nothing. */
function brief(amount: bigint): string {
  return moneyOf(amount, example).amount.replace(/\.0+$/, '')
}

function say(text: string, ahead = false): void {
  result.textContent = text
  result.classList.toggle('ahead', ahead)
}
