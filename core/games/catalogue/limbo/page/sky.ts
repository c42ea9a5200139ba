import { draw } from '../../../../host/web/browser/art.ts'
import { make } from '../../../../host/web/browser/elements.ts'
import { frames, type Patience } from '../../../../host/web/browser/motion.ts'
import { times } from '../../../../host/web/browser/odds.ts'
import { sound } from '../../../../host/web/browser/sound.ts'
import { hills, lantern } from './art.ts'

/** Heights go by the logarithm: so many pixels for each e-fold of the stake. */
const foldPx = 84
/** The lantern itself rises so far on the screen; from there on the world goes down. */
const risePx = 120
const risingMs = { least: 900, perFold: 520, most: 4600 }
const ground = 100 // hundredths of the stake
const marks = [1, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].map((mark) => mark * 100)

/** A lantern over the hills that rises to a height that is known, past the target or not. Heights are hundredths of the stake. */
export function drawSky() {
  const craft = make('div', { class: 'craft' }, picture('0 0 100 120', lantern()))
  const line = make('div', { class: 'target-line' }, make('span', {}))
  const scale = make(
    'div',
    { class: 'scale' },
    line,
    ...marks.map((mark) => {
      const tick = make('i', {}, times(mark))
      tick.style.bottom = `${heightOf(mark)}px`
      return tick
    }),
  )
  const land = make('div', { class: 'land' }, picture('0 0 420 120', hills()))
  const air = make('div', { class: 'air' })
  const height = make('b', { class: 'height' })
  const goal = make('span', { class: 'goal' })
  const fleet = make('div', { class: 'fleet' }, ...Array.from({ length: 6 }, () => make('i')))
  const element = make('div', { class: 'sky', 'aria-hidden': 'true' }, air, land, scale, fleet, craft, height, goal)
  let aim = 0
  stand(ground)

  /** Where everything stands when the lantern is at a height. */
  function stand(at: number): void {
    const up = heightOf(at)
    const rise = Math.min(up, risePx)
    const down = up - rise
    craft.style.transform = `translateY(${-rise}px)`
    scale.style.transform = `translateY(${down}px)`
    land.style.transform = `translateY(${down * 0.6}px)`
    air.style.transform = `translateY(${Math.min(down * 0.35, 700)}px)`
    height.textContent = heightWords(Math.floor(at))
    line.classList.toggle('passed', at >= aim)
  }

  return {
    element,
    aim(target: number): void {
      aim = target
      line.style.bottom = `${heightOf(target)}px`
      line.firstElementChild!.textContent = times(target)
      goal.textContent = `Target ${times(target)}`
      this.clear()
    },
    clear(): void {
      delete element.dataset.end
      stand(ground)
    },
    async rise(reached: number, won: boolean, patience: Patience): Promise<void> {
      const folds = Math.log(reached / ground)
      const ms = Math.min(risingMs.most, risingMs.least + risingMs.perFold * folds)
      let passed = false
      await frames(ms, patience, (gone) => {
        const at = gone < 1 ? ground * Math.exp(folds * eased(gone)) : reached
        stand(at)
        if (at >= aim && !passed && !patience.hurried) sound('tick')
        passed = at >= aim
      })
      element.dataset.end = won ? 'won' : 'lost'
    },
  }
}

/** Away softly, and softly to a halt. */
function eased(gone: number): number {
  return gone < 0.5 ? 2 * gone ** 2 : 1 - 2 * (1 - gone) ** 2
}

/** With its hundredths also where they are none, so that it stands still while it counts. */
function heightWords(hundredths: number): string {
  const digits = hundredths < 1_000_000 ? 2 : 0
  return `${new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(hundredths / 100)}×`
}

function heightOf(hundredths: number): number {
  return foldPx * Math.log(hundredths / ground)
}

function picture(viewBox: string, drawing: SVGElement): SVGElement {
  const svg = draw('svg', { viewBox, preserveAspectRatio: 'none' })
  svg.append(drawing)
  return svg
}
