import { draw } from './art.ts'
import { make } from './elements.ts'
import { calm, type Patience, run } from './motion.ts'
import { sound } from './sound.ts'

const rollMs = 620
const staggerMs = 210
/** How many symbols pass by on the first reel; each further one turns a little longer. */
const passingMin = 12
const rows = 3

/** How a symbol looks. */
export type Picture = (name: string) => SVGSVGElement

/** Five reels that stop, one after the other, on a window that is known; they never choose one. */
export function drawReels(strips: readonly string[][], lines: readonly number[][], symbol: Picture) {
  const reels = strips.map((strip) => drawReel(strip, symbol))
  const overlay = draw('svg', {
    viewBox: '0 0 500 300',
    preserveAspectRatio: 'none',
    class: 'lines',
    'aria-hidden': 'true',
  })
  const element = make('div', { class: 'reels' }, ...reels.map((reel) => reel.element), overlay)

  function clear(): void {
    overlay.replaceChildren()
    for (const cell of element.querySelectorAll('.lit')) cell.classList.remove('lit')
    element.classList.remove('showing')
  }

  return {
    element,
    clear,
    async roll(window: readonly string[][], patience: Patience): Promise<void> {
      clear()
      await Promise.all(
        reels.map((reel, index) =>
          reel.roll(window[index] ?? [], rollMs + index * staggerMs, passingMin + index * 4, patience),
        ),
      )
    },
    /** Draws a line as far as it pays, and lights its symbols. */
    light(line: number, count: number): void {
      const places = lines[line] ?? []
      const points = places.map((row, reel) => `${reel * 100 + 50},${row * 100 + 50}`)
      overlay.append(
        draw('polyline', { points: points.join(' '), class: 'line faint' }),
        draw('polyline', { points: points.slice(0, count).join(' '), class: 'line' }),
      )
      places.slice(0, count).forEach((row, reel) => {
        reels[reel]?.cell(row)?.classList.add('lit')
      })
      element.classList.add('showing')
    },
    lightSymbol(name: string): void {
      for (const cell of element.querySelectorAll(`[data-symbol="${name}"]`)) cell.classList.add('lit')
      element.classList.add('showing')
    },
    say(window: readonly string[][]): string {
      return Array.from({ length: rows }, (_, row) => window.map((reel) => reel[row]).join(', ')).join('; ')
    },
  }
}

function drawReel(strip: readonly string[], symbol: Picture) {
  const band = make('div', { class: 'band' })
  const element = make('div', { class: 'reel', 'aria-hidden': 'true' }, band)
  let shown = strip.slice(0, rows)
  set(shown)

  function set(names: readonly string[]): void {
    band.replaceChildren(...names.map((name) => make('div', { class: 'cell', 'data-symbol': name }, symbol(name))))
  }

  return {
    element,
    cell: (row: number) => band.children[row],
    async roll(target: readonly string[], ms: number, count: number, patience: Patience): Promise<void> {
      const from = Math.floor(Math.random() * strip.length) // what passes by is decoration; what stops is the server's
      const passing = Array.from({ length: count }, (_, index) => strip[(from + index) % strip.length] as string)
      const before = shown
      shown = [...target]
      const start = `translateY(${(-(count + rows) / (count + 2 * rows)) * 100}%)`
      const roll = () => {
        set([...target, ...passing, ...before])
        return band.animate(
          [
            { transform: start, filter: 'blur(0)' },
            { transform: 'translateY(-30%)', filter: 'blur(1.5px)', offset: 0.55 },
            { transform: 'translateY(0.9%)', filter: 'blur(0)', offset: 0.9, easing: 'ease-out' },
            { transform: 'translateY(0)', filter: 'blur(0)' },
          ],
          { duration: ms, easing: 'linear' },
        )
      }
      await run(() => [roll()], patience)
      if (!calm) sound('land')
      set(shown)
    },
  }
}
