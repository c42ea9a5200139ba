import { make } from '../../../../host/web/browser/elements.ts'
import { type Patience, run } from '../../../../host/web/browser/motion.ts'

export type Side = 'under' | 'over'
export type Bet = { chance: number; side: Side }

/** All rolls from the lowest to the highest, those that win in another colour; a handle parts them, a pin marks a roll. */
export function drawRail(rolls: number, handlers: { slide(chance: number): void; step(by: 1 | -1): void }) {
  const zone = make('i', { class: 'rail-wins' })
  const handle = make('input', {
    type: 'range',
    min: '0',
    max: String(rolls),
    'aria-label': 'Chance to win',
  }) as HTMLInputElement
  const flag = make('span', {})
  const pin = make('div', { class: 'rail-pin', 'aria-hidden': 'true', hidden: '' }, flag)
  const quarters = [0, 1, 2, 3, 4].map((quarter) => make('li', {}, String(quarter * 25)))
  const element = make(
    'div',
    { class: 'rail' },
    make('div', { class: 'rail-track' }, zone, handle, pin),
    make('ol', { class: 'rail-scale', 'aria-hidden': 'true' }, ...quarters),
  )
  let side: Side = 'under'
  let at = 50
  handle.addEventListener('input', () => {
    const value = Number(handle.value)
    handlers.slide(side === 'under' ? value : rolls - value)
  })
  handle.addEventListener('keydown', (event) => {
    const by = steps[event.key]
    if (!by) return
    event.preventDefault()
    handlers.step(side === 'under' ? by : by === 1 ? -1 : 1)
  })

  return {
    element,
    /** Lays the border between rolls that win and rolls that do not. */
    aim({ chance, side: of }: Bet, words: string): void {
      side = of
      const edge = side === 'under' ? chance : rolls - chance
      handle.value = String(edge)
      handle.setAttribute('aria-valuetext', words)
      zone.style.left = side === 'under' ? '0' : `${(edge / rolls) * 100}%`
      zone.style.width = `${(chance / rolls) * 100}%`
    },
    paint(free: boolean): void {
      handle.disabled = !free
    },
    clear(): void {
      pin.hidden = true
    },
    async mark(roll: number, words: string, won: boolean, patience: Patience): Promise<void> {
      const from = at
      at = (roll / rolls) * 100
      flag.textContent = words
      pin.hidden = false
      delete pin.dataset.end
      pin.style.transform = `translateX(${at}%)`
      const over = at + Math.sign(at - from) * 1.2
      const glide = [`${from}%`, `${Math.max(0, Math.min(100, over))}%`, `${at}%`].map((x, index) => ({
        transform: `translateX(${x})`,
        offset: [0, 0.8, 1][index] as number,
        easing: 'cubic-bezier(.3,0,.2,1)',
      }))
      await run(() => [pin.animate(glide, { duration: 650 })], patience)
      pin.dataset.end = won ? 'won' : 'lost'
    },
  }
}

const steps: Record<string, 1 | -1> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }
