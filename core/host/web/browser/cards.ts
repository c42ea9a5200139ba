import { draw } from './art.ts'
import { make } from './elements.ts'
import { calm, type Patience } from './motion.ts'
import { sound } from './sound.ts'

/** A card as the house writes it, rank and suit: `AS`, `TD`, `7C`. */
export type Card = string

const suits: Record<string, { name: string; d: string; red: boolean }> = {
  S: { name: 'spades', red: false, d: 'M0-9C6-2 10 1 8 5 6 8 2 7 1 4L3 10H-3L-1 4C-2 7-6 8-8 5-10 1-6-2 0-9z' },
  H: { name: 'hearts', red: true, d: 'M0 9C-5 3-9 0-9-4-9-9-2-9 0-4 2-9 9-9 9-4 9 0 5 3 0 9z' },
  D: { name: 'diamonds', red: true, d: 'M0-10L7 0 0 10-7 0z' },
  C: {
    name: 'clubs',
    red: false,
    d: 'M0-9a4.4 4.4 0 0 1 3.6 7 4.4 4.4 0 1 1-2.4 6.4L3 10H-3L-1.2 4.4A4.4 4.4 0 1 1-3.6-2 4.4 4.4 0 0 1 0-9z',
  },
}
const names: Record<string, string> = { A: 'ace', T: 'ten', J: 'jack', Q: 'queen', K: 'king' }

/** Where the pips of a number stand: columns and rows of a card of 100 by 140, from its middle. */
const [left, right, rows] = [-19, 19, { top: -42, high: -21, third: -14, low: 21, twoThirds: 14, bottom: 42 }]
const pips: Record<string, ReadonlyArray<readonly [x: number, y: number]>> = {
  A: [[0, 0]],
  2: [
    [0, rows.top],
    [0, rows.bottom],
  ],
  3: [
    [0, rows.top],
    [0, 0],
    [0, rows.bottom],
  ],
  4: corners(),
  5: [...corners(), [0, 0]],
  6: [...corners(), [left, 0], [right, 0]],
  7: [...corners(), [left, 0], [right, 0], [0, rows.high]],
  8: [...corners(), [left, 0], [right, 0], [0, rows.high], [0, rows.low]],
  9: [...corners(), ...inner(), [0, 0]],
  T: [...corners(), ...inner(), [0, -28], [0, 28]],
}

function corners(): Array<readonly [number, number]> {
  return [left, right].flatMap((x) => [[x, rows.top] as const, [x, rows.bottom] as const])
}

function inner(): Array<readonly [number, number]> {
  return [left, right].flatMap((x) => [[x, rows.third] as const, [x, rows.twoThirds] as const])
}

export function cardName(card: Card): string {
  return `${names[card[0] ?? ''] ?? card[0]} of ${suits[card[1] ?? '']?.name ?? ''}`
}

/** A card on the table; without one it lies face down until it is turned. */
export function drawCard(card?: Card) {
  const element = make('div', { class: 'playing-card', role: 'img' })
  const set = (shown: Card | undefined) => {
    element.setAttribute('aria-label', shown ? cardName(shown) : 'A card, face down')
    element.dataset.card = shown ?? ''
    element.replaceChildren(shown ? face(shown) : back())
  }
  set(card)
  return {
    element,
    /** Comes from the shoe, in the corner of the table. */
    async come(patience: Patience): Promise<void> {
      sound('deal')
      if (calm || patience.hurried) return
      const motion = element.animate(
        [
          { transform: 'translate(14rem, -9rem) rotate(25deg)', opacity: 0 },
          { transform: 'none', opacity: 1 },
        ],
        { duration: 260, easing: 'cubic-bezier(.2,.8,.3,1)' },
      )
      await Promise.race([motion.finished, patience.pause(260)])
      motion.cancel()
    },
    async turn(shown: Card | undefined, patience: Patience): Promise<void> {
      if (calm || patience.hurried) return set(shown)
      await half(1, 0)
      set(shown)
      sound('tick')
      await half(0, 1)
      async function half(from: number, to: number): Promise<void> {
        const motion = element.animate([{ transform: `scaleX(${from})` }, { transform: `scaleX(${to})` }], 120)
        await Promise.race([motion.finished, patience.pause(120)])
        motion.cancel()
      }
    },
  }
}

export type DrawnCard = ReturnType<typeof drawCard>

function face(card: Card): SVGElement {
  const [rank = '', mark = ''] = card
  const suit = suits[mark]!
  const svg = draw('svg', { viewBox: '0 0 100 140', class: suit.red ? 'red' : 'black', 'aria-hidden': 'true' })
  const corner = () => {
    const isTen = rank === 'T'
    const text = draw('text', { x: -37, y: -48, class: isTen ? 'rank ten' : 'rank' })
    text.textContent = isTen ? '10' : rank
    const group = draw('g', {})
    group.append(text, draw('path', { d: suit.d, transform: 'translate(-37 -33) scale(.8)' }))
    return group
  }
  const middle = draw('g', { transform: 'translate(50 70)' })
  const other = corner()
  other.setAttribute('transform', 'rotate(180)')
  middle.append(corner(), other, ...(pips[rank] ? numbers(rank, suit.d) : court(rank, suit.d)))
  svg.append(draw('rect', { x: 0.5, y: 0.5, width: 99, height: 139, rx: 8, class: 'paper' }), middle)
  return svg
}

function numbers(rank: string, d: string): SVGElement[] {
  const size = rank === 'A' ? 2.6 : 1
  return (pips[rank] ?? []).map(([x, y]) =>
    draw('path', { d, transform: `translate(${x} ${y}) scale(${y > 0 ? -size : size})` }),
  )
}

/** Court cards without faces: a frame, a crown that tells the rank, and the suit twice. */
function court(rank: string, d: string): SVGElement[] {
  const crowns: Record<string, string> = {
    K: 'M-18 10L-22-12-10-2 0-18 10-2 22-12 18 10z',
    Q: 'M-18 10C-24-2-22-8-20-12-14-6-10-4-8-12-4-6 4-6 8-12 10-4 14-6 20-12 22-8 24-2 18 10z',
    J: 'M-18 8C-16-12 16-12 18 8 10 4 4 6 0 12-4 6-10 4-18 8z',
  }
  const half = (turn: number) => {
    const group = draw('g', { transform: `rotate(${turn})` })
    group.append(
      draw('path', { d: crowns[rank] ?? '', transform: 'translate(0 -24)', class: 'crown' }),
      draw('path', { d: 'M-22-10H22L16 0H-16z', class: 'robe' }),
      draw('path', { d, transform: 'translate(-16 -43) scale(.9)' }),
    )
    return group
  }
  return [draw('rect', { x: -26, y: -56, width: 52, height: 112, rx: 4, class: 'court' }), half(0), half(180)]
}

function back(): SVGElement {
  const svg = draw('svg', { viewBox: '0 0 100 140', 'aria-hidden': 'true' })
  svg.append(
    draw('rect', { x: 0.5, y: 0.5, width: 99, height: 139, rx: 8, class: 'paper' }),
    draw('rect', { x: 6, y: 6, width: 88, height: 128, rx: 5, class: 'back' }),
    ...Array.from({ length: 6 }, (_, row) =>
      Array.from({ length: 4 }, (_, column) =>
        draw('path', {
          d: 'M0-9L7 0 0 9-7 0z',
          class: 'lattice',
          transform: `translate(${20 + column * 20} ${20 + row * 20})`,
        }),
      ),
    ).flat(),
  )
  return svg
}
