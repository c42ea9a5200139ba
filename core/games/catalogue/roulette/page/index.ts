import { brief, drawChips } from '../../../../host/web/browser/chips.ts'
import { act, make } from '../../../../host/web/browser/elements.ts'
import { createLayout } from '../../../../host/web/browser/layout.ts'
import { calm } from '../../../../host/web/browser/motion.ts'
import type { Open } from '../../../../host/web/browser/scene.ts'
import { sound } from '../../../../host/web/browser/sound.ts'
import { drawTrail, type Mark } from '../../../../host/web/browser/trail.ts'
import { drawFelt } from './felt.ts'
import { drawWheel } from './wheel.ts'

type Sheet = { wheel: number[]; bets: Record<string, number[]> }
type Outcome = { number: number; colour: string; wins: string[] }

const trailMax = 12
const doubleZero = 37

/** A wheel and the table beside it, with one zero or two. */
const open: Open<Sheet, Outcome> = (table) => {
  const { sheet } = table.facts
  const layout = createLayout(() => {
    returned = new Map()
    felt.mark(undefined)
    paint('ready')
  })
  let returned = new Map<string, bigint>()

  const wheel = drawWheel(sheet.wheel, new Set(sheet.bets.red), nameOf)
  const chips = drawChips(table as never)
  const ready = () => document.body.dataset.playing !== 'yes'
  const felt = drawFelt(sheet.bets, {
    place: (on) => ready() && layout.place(on, chips.chosen),
    take: (on) => ready() && layout.place(on, -chips.chosen),
  })
  const badge = make('p', { class: 'landed', 'aria-hidden': 'true' })
  const trail = drawTrail(
    'Numbers that fell last, newest first',
    table.latest.map(({ outcome }) => markOf(outcome)),
    trailMax,
  )
  const staked = make('output', { id: 'staked' })
  const undo = act('Undo', {}, () => ready() && layout.undo())
  const clear = act('Clear', {}, () => ready() && layout.clear())
  const again = act('Same again', {}, () => ready() && layout.repeat())

  table.stage.append(
    make('div', { class: 'wheel-box' }, wheel.element),
    make('div', { class: 'outcome' }, badge, table.result, trail.element),
    make('div', { class: 'felt-box' }, felt.element, hints(felt.element)),
  )
  table.controls.append(
    chips.element,
    make('div', { class: 'acts' }, undo, clear, again),
    make('p', { class: 'stake' }, 'Stake', staked),
  )
  table.stage.querySelector('.wheel-box')?.addEventListener('click', () => table.hurry())
  addEventListener('keydown', ({ key, target, ctrlKey, metaKey }) => {
    if (key.toLowerCase() === 'r' && !ctrlKey && !metaKey && !(target instanceof HTMLInputElement)) again.click()
  })

  return {
    verbs: { play: 'Spin', hurry: 'Skip' },
    key: 's',
    invitation: 'Place your bets.',
    choice: () => (layout.placed.size === 0 ? 'Place at least one chip.' : { bets: layout.bets(table) }),
    paint,
    words: ({ outcome }) => `${nameOf(outcome.number)} ${outcome.colour}`,
    async show({ outcome }) {
      felt.mark(undefined)
      badge.textContent = ''
      document.body.dataset.running = 'yes'
      table.say('The ball is running …')
      await wheel.spinTo(outcome.number, table.patience)
      sound('land')
      if (layout.placed.size > 0) layout.played()
      returned = new Map(
        [...layout.last.keys()].flatMap((on, index) => {
          const win = BigInt(outcome.wins[index] ?? '0')
          return win > 0n ? [[on, win]] : []
        }),
      )
      badge.textContent = nameOf(outcome.number)
      badge.dataset.tone = outcome.colour
      felt.mark(outcome.number)
      trail.push(markOf(outcome))
      paint('busy')
      setTimeout(() => delete document.body.dataset.running, calm ? 0 : 900) // on a small screen the wheel lies over the table
    },
  }

  function paint(state: 'ready' | 'busy' | 'open'): void {
    const words = (amount: bigint) => brief(table, amount)
    if (layout.placed.size > 0) felt.paint(layout.placed, 'placed', words)
    else felt.paint(returned, 'returned', words)
    staked.textContent = table.show(layout.sum)
    const may = layout.may()
    undo.disabled = state !== 'ready' || !may.undo
    clear.disabled = state !== 'ready' || !may.clear
    again.disabled = state !== 'ready' || !may.repeat
  }
}
export default open

function nameOf(number: number): string {
  return number === doubleZero ? '00' : String(number)
}

function markOf({ number, colour }: Outcome): Mark {
  return { text: nameOf(number), tone: colour }
}

function hints(felt: HTMLElement): HTMLElement {
  const words = make('span', {}, 'Bets on lines and corners')
  const box = make('input', { type: 'checkbox' }) as HTMLInputElement
  box.checked = matchMedia('(pointer: fine)').matches // a finger would hit the lines by mistake
  const apply = () => felt.classList.toggle('with-lines', box.checked)
  box.addEventListener('change', apply)
  apply()
  const keys = 'Arrows move, Shift: lines · Enter places, Delete takes back · R repeats · S spins'
  return make(
    'div',
    { class: 'hints' },
    make('label', { class: 'check' }, box, words),
    make('p', { class: 'fine wide-only' }, keys),
  )
}
