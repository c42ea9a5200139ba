import { draw } from '../../../../host/web/browser/art.ts'
import { make } from '../../../../host/web/browser/elements.ts'
import { type Patience, run } from '../../../../host/web/browser/motion.ts'

const spinMs = 5200
/** The share of the time after which the ball lies in its pocket and turns with the wheel. */
const landed = 0.74
const track = 92
const pocket = 61
/** How wide the ball is, in the units of the drawing; `page.css` says it in hundredths of the wheel. */
const ballWide = 7.4

/**
 * A roulette wheel; it shows a number that is known, and never chooses one. What turns and what stands still are layers of their own, which a browser
 * moves as they are: a drawing that turns by itself, or parts of one, are laid out and drawn anew for each frame.
 */
export function drawWheel(numbers: readonly number[], red: ReadonlySet<number>, nameOf: (number: number) => string) {
  const stand = field()
  const turning = field()
  const rotor = make('div', { class: 'rotor' }, turning)
  const ball = make('i', { class: 'ball' })
  const element = make('div', { class: 'wheel', role: 'img', 'aria-label': 'Roulette wheel' }, stand, rotor, ball)
  const slice = 360 / numbers.length
  const pockets = new Map(numbers.map((number, index) => [number, drawPocket(number, index * slice)]))
  turning.append(
    draw('circle', { r: 86, class: 'rotor-rim' }),
    ...[...pockets.values()].flatMap(({ shape, label }) => [shape, label]),
    draw('circle', { r: 68, class: 'ring' }),
    draw('circle', { r: 53, class: 'cone' }),
    draw('circle', { r: 40, class: 'cone inner' }),
    ...[0, 90, 180, 270].map((angle) =>
      draw('path', {
        d: 'M-2.6 -8L-1.4 -33A1.4 1.4 0 0 1 1.4 -33L2.6 -8Z',
        class: 'brass',
        transform: `rotate(${angle})`,
      }),
    ),
    ...[0, 90, 180, 270].map((angle) =>
      draw('circle', { cy: -33, r: 3.4, class: 'brass', transform: `rotate(${angle})` }),
    ),
    draw('circle', { r: 10, class: 'brass' }),
    draw('circle', { r: 4, class: 'brass-light' }),
  )
  stand.append(
    draw('circle', { r: 110, class: 'bowl' }),
    draw('circle', { r: 104, class: 'bowl-rim' }),
    draw('circle', { r: 98, class: 'track' }),
    ...Array.from({ length: 8 }, (_, index) =>
      draw('path', { d: 'M0 -99L2 -94.5L0 -90L-2 -94.5Z', class: 'brass', transform: `rotate(${index * 45 + 22.5})` }),
    ),
  )
  let turned = 0
  rest(0)

  function drawPocket(number: number, angle: number) {
    const colour = nameOf(number).startsWith('0') ? 'green' : red.has(number) ? 'red' : 'black'
    const at = (side: number, r: number) => {
      const radians = ((angle + (side * slice) / 2 - 90) * Math.PI) / 180
      return `${(Math.cos(radians) * r).toFixed(2)} ${(Math.sin(radians) * r).toFixed(2)}`
    }
    const d = `M${at(-1, 85)}A85 85 0 0 1 ${at(1, 85)}L${at(1, 54)}A54 54 0 0 0 ${at(-1, 54)}Z`
    const label = draw('text', { transform: `rotate(${angle}) translate(0 -76.5)`, class: 'pocket' })
    label.textContent = nameOf(number)
    return { shape: draw('path', { d, class: `slot ${colour}` }), label, angle }
  }

  function rest(index: number): void {
    turned = -index * slice
    rotor.style.transform = `rotate(${turned}deg)`
    ball.style.transform = ballIs(0, pocket)
  }

  return {
    element,
    /** The wheel slows as a wheel does, and the ball falls into the pocket the server drew. */
    async spinTo(number: number, patience: Patience): Promise<void> {
      for (const { shape } of pockets.values()) shape.classList.remove('hit')
      const index = numbers.indexOf(number)
      await run(() => turns(index), patience)
      rest(index)
      pockets.get(number)?.shape.classList.add('hit')
    },
  }

  function turns(index: number): Animation[] {
    const distance = 720 + ((((-index * slice - turned) % 360) + 360) % 360)
    const rotorAt = (t: number) => turned + distance * (1 - (1 - t) ** 2)
    const inPocket = (t: number) => rotorAt(t) - rotorAt(1) // ends on top
    const laps = 360 * 5
    const ballAt = (t: number) => {
      if (t >= landed) return inPocket(t)
      const left = 1 - t / landed
      return inPocket(landed) + laps * left ** 1.6
    }
    const radiusAt = (t: number) => {
      if (t < 0.5) return track
      if (t >= landed + 0.08) return pocket
      const fall = (t - 0.5) / (landed + 0.08 - 0.5)
      const bounce = fall > 0.7 ? Math.abs(Math.sin((fall - 0.7) * 21)) * 7 * (1 - fall) * 2.4 : 0
      return track - (track - pocket) * Math.min(1, fall / 0.7) ** 2 + bounce
    }
    const steps = Array.from({ length: 121 }, (_, step) => step / 120)
    const play = (element: Element, frame: (t: number) => string) =>
      element.animate(
        steps.map((t) => ({ offset: t, transform: frame(t) })),
        { duration: spinMs, fill: 'forwards' },
      )
    return [
      play(rotor, (t) => `rotate(${rotorAt(t).toFixed(2)}deg)`),
      play(ball, (t) => ballIs(ballAt(t), radiusAt(t))),
    ]
  }
}

function field(): SVGElement {
  return draw('svg', { viewBox: '-112 -112 224 224', 'aria-hidden': 'true' })
}

/** A transform that puts the ball so many degrees from the top, so far from the middle. */
function ballIs(degrees: number, radius: number): string {
  return `rotate(${degrees.toFixed(2)}deg) translateY(${((-100 * radius) / ballWide).toFixed(1)}%)`
}
