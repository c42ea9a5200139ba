import { draw } from './art.ts'
import { make } from './elements.ts'
import { calm, type Patience, run } from './motion.ts'
import type { Place } from './slot.ts'
import { sound } from './sound.ts'

const rollMs = 620
/** From one reel's beginning to the next one's: each lays out what passes by in frames of its own. */
const beginMs = 50
const staggerMs = 160
const sinkMs = 280
const fallMs = 380
/** How many symbols pass by on the first reel; each further one turns a little longer. */
const passingMin = 12

/** How a symbol looks. */
export type Picture = (name: string) => SVGSVGElement
/** The same, as it moves. */
export type Moving = (name: string) => Element

/** Reels that stop, one after the other, on a window that is known; they never choose one. @param passing what passes by on each */
export function drawReels(passing: readonly string[][], rows: number, symbol: Moving) {
  const reels = passing.map((strip) => drawReel(strip, rows, symbol))
  const overlay = draw('svg', {
    viewBox: `0 0 ${reels.length * 100} ${rows * 100}`,
    preserveAspectRatio: 'none',
    class: 'lines',
    'aria-hidden': 'true',
  })
  const element = make('div', { class: 'reels' }, ...reels.map((reel) => reel.element), overlay)
  element.style.setProperty('--reels', String(reels.length))

  function clear(): void {
    overlay.replaceChildren()
    for (const cell of element.querySelectorAll('.lit')) cell.classList.remove('lit')
    element.classList.remove('showing')
  }

  function light(places: readonly Place[]): void {
    for (const [reel, row] of places) reels[reel]?.cell(row)?.classList.add('lit')
    element.classList.add('showing')
  }

  return {
    element,
    clear,
    light,
    cell: (reel: number, row: number) => reels[reel]?.cell(row) as HTMLElement,
    set(window: readonly string[][]): void {
      clear()
      for (const [index, reel] of reels.entries()) reel.set(window[index] ?? [])
    },
    async roll(window: readonly string[][], patience: Patience): Promise<void> {
      clear()
      await Promise.all(
        reels.map(async (reel, index) => {
          await patience.pause(calm ? 0 : index * beginMs)
          await reel.roll(window[index] ?? [], rollMs + index * staggerMs, passingMin + index * 4, patience)
        }),
      )
    },
    /** What stands at these places sinks, what is above falls, and the window is filled from above. */
    async fall(gone: readonly Place[], window: readonly string[][], patience: Patience): Promise<void> {
      const rowsGone = (reel: number) => gone.flatMap(([of, row]) => (of === reel ? [row] : []))
      await run(() => reels.flatMap((reel, index) => reel.sink(rowsGone(index))), patience)
      clear()
      for (const [index, reel] of reels.entries()) reel.set(window[index] ?? [])
      await run(() => reels.flatMap((reel, index) => reel.drop(rowsGone(index), index * 40)), patience)
      if (!calm && !patience.hurried) sound('deal')
    },
    /** Draws a line as far as it pays, and lights its symbols. */
    lightLine(places: readonly number[], count: number): void {
      const points = places.map((row, reel) => `${reel * 100 + 50},${row * 100 + 50}`)
      overlay.append(
        draw('polyline', { points: points.join(' '), class: 'line faint' }),
        draw('polyline', { points: points.slice(0, count).join(' '), class: 'line' }),
      )
      light(places.slice(0, count).map((row, reel) => [reel, row] as const))
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

function drawReel(strip: readonly string[], rows: number, symbol: Moving) {
  const band = make('div', { class: 'band' })
  const element = make('div', { class: 'reel', 'aria-hidden': 'true' }, band)
  let shown = Array.from({ length: rows }, (_, row) => strip[row % strip.length] as string)
  show(shown)

  function show(names: readonly string[]): void {
    band.replaceChildren(...names.map((name) => make('div', { class: 'cell', 'data-symbol': name }, symbol(name))))
  }

  function set(names: readonly string[]): void {
    shown = [...names]
    show(shown)
  }

  return {
    element,
    set,
    cell: (row: number) => band.children[row],
    sink(gone: readonly number[]): Animation[] {
      const frames = [
        { transform: 'scale(1)', opacity: 1 },
        { transform: 'scale(1.12)', opacity: 1, offset: 0.3 },
        { transform: 'translateY(30%) scale(0.2)', opacity: 0 },
      ]
      return gone.map((row) => (band.children[row] as Element).animate(frames, { duration: sinkMs, fill: 'forwards' }))
    },
    /** Each cell from where it was: those from above by as many as have gone, the others by as many as went below them. */
    drop(gone: readonly number[], delay: number): Animation[] {
      const staying = shown.map((_, row) => row).filter((row) => !gone.includes(row))
      const from = [...gone.map(() => gone.length), ...staying.map((row) => gone.filter((each) => each > row).length)]
      return from.flatMap((by, row) => {
        if (by === 0) return []
        const frames = [{ transform: `translateY(${-100 * by}%)` }, { transform: 'none' }]
        const timing = { duration: fallMs, delay, easing: 'cubic-bezier(.5,0,.6,1.25)', fill: 'backwards' as const }
        return [(band.children[row] as Element).animate(frames, timing)]
      })
    },
    async roll(target: readonly string[], ms: number, count: number, patience: Patience): Promise<void> {
      const from = Math.floor(Math.random() * strip.length) // what passes by is decoration; what stops is the server's
      const passing = Array.from({ length: count }, (_, index) => strip[(from + index) % strip.length] as string)
      const start = `translateY(${(-(count + rows) / (count + 2 * rows)) * 100}%)`
      let rolled = false
      const roll = () => {
        rolled = true
        show([...target, ...passing, ...shown])
        return band.animate(
          [
            { transform: start },
            { transform: 'translateY(-30%)', offset: 0.55 },
            { transform: 'translateY(0.9%)', offset: 0.9, easing: 'ease-out' },
            { transform: 'translateY(0)' },
          ],
          { duration: ms, easing: 'linear' },
        )
      }
      await run(() => [roll()], patience)
      if (!calm) sound('land')
      if (!rolled) return set(target)
      shown = [...target]
      while (band.children.length > rows) band.lastElementChild?.remove() // what stays need not be drawn again
    },
  }
}
