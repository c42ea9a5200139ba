import { make } from '../../../../host/web/browser/elements.ts'
import { betName } from '../../../../host/web/browser/words.ts'

/** Where a bet lies, in half fields: numbers are two by two, line bets lie across the edges between them. */
type Place = { x: number; y: number; wide: number; high: number }
type Spot = { on: string; numbers: readonly number[]; button: HTMLButtonElement; chip: HTMLElement }

export type Felt = {
  element: HTMLElement
  /** Shows the chips that were placed, or what came back on those that won. */
  paint(chips: ReadonlyMap<string, bigint>, what: 'placed' | 'returned', words: (amount: bigint) => string): void
  /** Marks where the ball fell and what covers it, or takes the marks away. */
  mark(number: number | undefined): void
}

/**
 * The betting table. Its order is the one of a real layout: zero, twelve streets of three, dozens and outside bets; the
 * style sheet lays it down or stands it up. Arrow keys go from field to field, with Shift also onto the lines.
 */
export function drawFelt(
  bets: Record<string, number[]>,
  handlers: { place(on: string): void; take(on: string): void },
): Felt {
  const red = new Set(bets.red)
  const element = make('div', { class: 'felt', role: 'group', 'aria-label': 'Betting table' })
  const spots = Object.entries(bets)
    .map(([on, numbers]) => ({ on, numbers, place: placeOf(on, numbers, 'straight:00' in bets) }))
    .sort((one, other) => Number(isLine(one.on)) - Number(isLine(other.on)) || order(one.place) - order(other.place))
    .map(({ on, numbers, place }) => drawSpot(on, numbers, place))
  element.append(...spots.map(({ button }) => button))
  spots[0]?.button.setAttribute('tabindex', '0')
  element.addEventListener('keydown', move)
  return { element, paint, mark }

  function drawSpot(on: string, numbers: readonly number[], place: Place): Spot {
    const chip = make('i', { class: 'chip', 'aria-hidden': 'true' })
    const label = isLine(on) ? [] : [make('span', {}, labels[on] ?? betName(on))]
    const attributes = { type: 'button', class: `spot ${classOf(on)}`, 'data-on': on, tabindex: '-1' }
    const button = make('button', attributes, ...label, ' ', chip) as HTMLButtonElement
    for (const [name, value] of Object.entries(place)) button.style.setProperty(`--${name}`, String(value))
    button.addEventListener('click', () => handlers.place(on))
    button.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      handlers.take(on)
    })
    button.addEventListener('focus', () => {
      for (const spot of spots) spot.button.tabIndex = spot.button === button ? 0 : -1
    })
    return { on, numbers, button, chip }
  }

  function classOf(on: string): string {
    if (isLine(on)) return 'line'
    const [kind = '', number = ''] = on.split(':')
    if (kind !== 'straight') return `outside ${kind}`
    if (number === '0' || number === '00')
      return `number zero ${'straight:00' in bets ? `half-${number === '0' ? 'low' : 'high'}` : ''}`
    return `number ${red.has(Number(number)) ? 'red' : 'black'}`
  }

  function paint(chips: ReadonlyMap<string, bigint>, what: string, words: (amount: bigint) => string): void {
    for (const { on, button, chip } of spots) {
      const amount = chips.get(on)
      chip.textContent = amount === undefined ? '' : words(amount)
      button.classList.toggle('chosen', amount !== undefined)
      button.classList.toggle('returned', amount !== undefined && what === 'returned')
      // What is seen comes in the name as it stands there, for whoever calls the field by it [WCAG 2.5.3].
      const seen = labels[on] ?? betName(on)
      const lies = amount === undefined ? '' : `, ${words(amount)} ${what}`
      const besides = labels[on] ? `, ${betName(on)}` : ''
      button.setAttribute('aria-label', `${isLine(on) ? '' : 'Bet on '}${seen}${lies}${besides}`)
    }
  }

  function mark(number: number | undefined): void {
    for (const { on, numbers, button } of spots) {
      button.classList.toggle('fell', on.startsWith('straight:') && number !== undefined && numbers[0] === number)
      button.classList.toggle('covers', number !== undefined && numbers.includes(number))
    }
  }

  function move(event: KeyboardEvent): void {
    const step = steps[event.key]
    const from = (event.target as HTMLElement).closest<HTMLButtonElement>('.spot')
    if (!from) return
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault()
      handlers.take(from.dataset.on ?? '')
    }
    if (!step) return
    event.preventDefault()
    const candidates = spots.filter(({ on, button }) => button !== from && (event.shiftKey || !isLine(on)))
    nearest(from, candidates, step)?.focus()
  }
}

const steps: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** The closest field in a direction as it is seen, whichever way the table lies. */
function nearest(from: HTMLElement, spots: readonly Spot[], [right, down]: readonly [number, number]) {
  const centre = (element: HTMLElement) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    return [left + width / 2, top + height / 2] as const
  }
  const [x, y] = centre(from)
  let best: { button: HTMLButtonElement; far: number } | undefined
  for (const { button } of spots) {
    const [otherX, otherY] = centre(button)
    const ahead = (otherX - x) * right + (otherY - y) * down
    const aside = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right)
    const far = ahead + 2 * aside
    if (ahead > 3 && (!best || far < best.far)) best = { button, far }
  }
  return best?.button
}

/** What is written on the cloth where it is not the bet's name. */
const labels: Record<string, string> = {
  low: '1–18', // words would not fit a phone in one line
  high: '19–36',
  'dozen:1': '1st 12',
  'dozen:2': '2nd 12',
  'dozen:3': '3rd 12',
  'column:1': '2 : 1',
  'column:2': '2 : 1',
  'column:3': '2 : 1',
}
const outsideOrder = ['low', 'even', 'red', 'black', 'odd', 'high']

function isLine(on: string): boolean {
  return /^(split|street|corner|basket|six-line):/.test(on)
}

/** Where the bets around two zeros lie: on the edge between the zeros and the first street. */
const besideZeros: Record<string, Place> = {
  'straight:00': { x: 1, y: 1, wide: 2, high: 3 },
  'straight:0': { x: 1, y: 4, wide: 2, high: 3 },
  'split:0-00': { x: 1, y: 3, wide: 1, high: 2 },
  'split:00-3': { x: 2, y: 1, wide: 2, high: 2 },
  'street:00-2-3': { x: 2, y: 2, wide: 2, high: 2 },
  'split:00-2': { x: 2, y: 3, wide: 2, high: 1 },
  'street:0-00-2': { x: 2, y: 3, wide: 2, high: 2 },
  'split:0-2': { x: 2, y: 4, wide: 2, high: 1 },
  'street:0-1-2': { x: 2, y: 4, wide: 2, high: 2 },
  'split:0-1': { x: 2, y: 5, wide: 2, high: 2 },
  'basket:0-00-1-2-3': { x: 2, y: 6, wide: 2, high: 2 },
}

function placeOf(on: string, numbers: readonly number[], twoZeros: boolean): Place {
  const [kind = '', which = ''] = on.split(':')
  const beside = twoZeros ? besideZeros[on] : undefined
  if (beside) return beside
  if (on === 'straight:0') return { x: 1, y: 1, wide: 2, high: 6 }
  if (kind === 'dozen') return { x: 8 * Number(which) - 5, y: 7, wide: 8, high: 2 }
  if (kind === 'column') return { x: 27, y: 7 - 2 * Number(which), wide: 2, high: 2 }
  if (outsideOrder.includes(on)) return { x: 4 * outsideOrder.indexOf(on) + 3, y: 9, wide: 4, high: 2 }
  const x = mean(numbers.map((number) => 2 * Math.ceil(number / 3) + 1))
  const rows = mean(numbers.filter((number) => number > 0).map((number) => 5 - 2 * ((number - 1) % 3)))
  const wholeStreet = kind === 'street' || kind === 'six-line' || numbers.length === 4
  if (numbers.includes(0)) return { x: 2, y: numbers.length === 4 ? 6 : rows, wide: 2, high: 2 }
  return { x, y: wholeStreet && kind !== 'corner' ? 6 : rows, wide: 2, high: 2 }
}

function order({ x, y }: Place): number {
  return y >= 7 ? 1000 * y + x : 10 * x - y
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
