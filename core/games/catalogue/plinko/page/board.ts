import { draw } from '../../../../host/web/browser/art.ts'
import { make } from '../../../../host/web/browser/elements.ts'
import { calm, type Patience, run } from '../../../../host/web/browser/motion.ts'
import { sound } from '../../../../host/web/browser/sound.ts'

/** The board is so wide and so high in its own units, whatever the number of rows; the first peg stands at `top`. */
const width = 400
const height = 316
const top = 40
/** How far above a peg the middle of a ball is that lies on it. */
const lift = 9
const dropMs = 320
const rowMs = 165
const intoMs = 230
/** From peg to peg: up a little, then down faster and faster. */
const arc = [0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1].map((gone) => ({ gone, down: gone * (1.9 * gone - 0.9) }))

type Point = { x: number; y: number; ms: number }

/** Pegs and the buckets below them; a ball takes a way that is known, right (1) or left (0) at each row. */
export function drawBoard() {
  const pegs = draw('g', {})
  const ball = draw('circle', { r: 7.5, class: 'ball' })
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' })
  const buckets = make('ol', { class: 'buckets', 'aria-label': 'What each bucket pays, from left to right' })
  svg.append(draw('path', { d: 'M182 0h36l-8 15h-20z', class: 'mouth' }), pegs, ball)
  let rows = 0

  return {
    element: make('div', { class: 'board' }, svg, buckets),
    /** Sets up the pegs, three on top, and one bucket more than there are rows. @param pays hundredths of the stake */
    set(count: number, pays: readonly number[]): void {
      rows = count
      ball.setAttribute('visibility', 'hidden')
      pegs.replaceChildren(
        ...Array.from({ length: rows }, (_, row) => {
          const line = draw('g', {})
          for (let peg = -1; peg <= row + 1; peg++)
            line.append(draw('circle', { cx: xOf(row, peg), cy: yOf(row), r: rows > 12 ? 3 : 4, class: 'peg' }))
          return line
        }),
      )
      buckets.dataset.rows = String(rows)
      buckets.replaceChildren(
        ...pays.map((pay, index) =>
          make('li', { 'data-heat': String(Math.floor((Math.abs(index - rows / 2) / (rows / 2)) * 4)) }, payWords(pay)),
        ),
      )
    },
    clear(): void {
      ball.setAttribute('visibility', 'hidden')
      for (const bucket of buckets.children) bucket.removeAttribute('data-end')
    },
    async fall(path: readonly number[], ahead: boolean, patience: Patience): Promise<void> {
      this.clear()
      ball.setAttribute('visibility', 'visible')
      const way = wayOf(path)
      const ms = way.at(-1)!.ms
      const frames = way.map(({ x, y, ms: at }) => ({
        offset: at / ms,
        transform: `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px)`,
      }))
      ball.style.transform = frames.at(-1)!.transform
      await run(() => [ball.animate(frames, { duration: ms }), ...touches(path, patience)], patience)
      buckets.children[rights(path)]?.setAttribute('data-end', ahead ? 'ahead' : 'behind')
      if (!calm) sound('land')
    },
  }

  /** Where a ball is above a row after so many times right: over a peg, below the last row over a bucket. */
  function xOf(row: number, right: number): number {
    return width / 2 + (right - row / 2) * (width / (rows + 1))
  }

  function yOf(row: number): number {
    return top + row * ((height - top) / rows)
  }

  function wayOf(path: readonly number[]): Point[] {
    const drop = [0, 0.25, 0.5, 0.75, 1].map((gone) => ({
      x: width / 2,
      y: 6 + gone ** 2 * (top - lift - 6),
      ms: gone * dropMs,
    }))
    const hops = path.flatMap((_, row): Point[] => {
      const [from, to] = [xOf(row, rights(path, row)), xOf(row + 1, rights(path, row + 1))]
      return arc.map(({ gone, down }) => ({
        x: from + (to - from) * gone,
        y: yOf(row) - lift + down * (yOf(row + 1) - yOf(row)),
        ms: dropMs + (row + gone) * rowMs,
      }))
    })
    const bucket = { x: xOf(path.length, rights(path)), y: height + 15 }
    return [...drop, ...hops, { ...bucket, ms: dropMs + path.length * rowMs + intoMs }]
  }

  /** Each peg shines as the ball touches it. */
  function touches(path: readonly number[], patience: Patience): Animation[] {
    return path.map((_, row) => {
      const delay = dropMs + row * rowMs
      void patience.pause(delay).then(() => patience.hurried || sound('tick'))
      const peg = pegs.children[row]?.children[rights(path, row) + 1] as SVGElement
      return peg.animate([{ fill: '#fff6d8', stroke: '#ffd98a', strokeWidth: '7px' }, {}], { delay, duration: 420 })
    })
  }
}

/** How many times a ball went right before a row. */
function rights(path: readonly number[], row = path.length): number {
  return path.slice(0, row).reduce((sum, right) => sum + right, 0)
}

/** As it fits on a bucket. */
function payWords(hundredths: number): string {
  return String(hundredths / 100)
}
