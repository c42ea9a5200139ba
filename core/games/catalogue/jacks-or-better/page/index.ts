import { type Card, drawCard } from '../../../../host/web/browser/cards.ts'
import { act, make } from '../../../../host/web/browser/elements.ts'
import { minorOf } from '../../../../host/web/browser/money.ts'
import { calm } from '../../../../host/web/browser/motion.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { drawStake } from '../../../../host/web/browser/stake.ts'
import { capital } from '../../../../host/web/browser/words.ts'

type Sheet = { classes: string[]; pays: Record<string, number> }
type Outcome = { cards: Card[]; class: string; ended?: { dealt: Card[]; held: number[]; times: number } }

const nothing = 'nothing'

/** Five cards on a screen: hold some, draw the rest once, and the table above says what it pays. */
const open: Open<Sheet, Outcome> = (table) => {
  const { classes, pays } = table.facts.sheet
  const stake = drawStake(table as never)
  const held = new Set<number>()
  let dealt: Card[] = []
  let state: 'ready' | 'busy' | 'open' = 'ready'

  const rows = new Map(classes.filter((name) => pays[name]! > 0).map((name) => [name, drawRow(name)]))
  const places = Array.from({ length: 5 }, (_, place) => drawPlace(place))
  const draw = act('Draw', { class: 'primary draw', hidden: '', 'aria-keyshortcuts': 'Space' }, drawRest)
  table.stage.append(
    make(
      'div',
      { class: 'screen' },
      make(
        'table',
        { class: 'pays' },
        make('caption', { class: 'fine' }, 'What each hand pays at this stake'),
        ...[...rows.values()].map(({ element }) => element),
      ),
      make(
        'div',
        { class: 'five', role: 'group', 'aria-label': 'Cards to hold' },
        ...places.map(({ element }) => element),
      ),
    ),
    table.result,
  )
  table.controls.append(stake.element, draw)
  stake.onChange(() => paintPays())
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || state !== 'open') return
    const place = Number(event.key) - 1
    if (places[place]) return places[place].button.click()
    if (event.key !== ' ' || (event.target instanceof HTMLElement && event.target.closest('button,a,input'))) return
    event.preventDefault()
    drawRest()
  })
  paintPays()

  return {
    verbs: { play: 'Deal', hurry: 'Skip' },
    invitation: 'Choose your stake and deal.',
    choice: () => ({ stake: stake.amount }),
    words,
    paint(next, round) {
      state = next
      draw.hidden = next !== 'open'
      const staked = round && next !== 'ready' ? minorOf(round.stake) : undefined
      stake.paint(next === 'ready', staked)
      paintPays(staked)
      for (const place of places) place.paint()
    },
    async show({ outcome, stake: staked }) {
      const { cards, ended } = outcome
      paintPays(minorOf(staked))
      mark(undefined)
      const before = ended?.dealt ?? cards
      if (dealt.join() !== before.join()) await deal(before)
      if (ended) {
        held.clear()
        for (const place of ended.held) held.add(place)
        for (const place of places) place.paint()
        for (const [place, card] of cards.entries()) if (!ended.held.includes(place)) await places[place]!.change(card)
        dealt = []
      }
      mark(outcome.class)
    },
  }

  async function deal(cards: readonly Card[]): Promise<void> {
    held.clear()
    for (const place of places) place.clear()
    for (const [place, card] of cards.entries()) await places[place]!.take(card)
    dealt = [...cards]
  }

  function drawRest(): void {
    if (state === 'open') void table.move({ move: 'hold', hold: [...held].sort() })
  }

  function mark(name: string | undefined): void {
    for (const [each, { element }] of rows) element.classList.toggle('made', each === name)
  }

  function paintPays(staked = stake.value): void {
    for (const [name, { amount }] of rows) amount.textContent = table.show(staked * BigInt(pays[name]!))
  }

  function words({ outcome }: Round<Outcome>): string {
    const made = outcome.class === nothing ? '' : classWords(outcome.class)
    if (outcome.ended) return made || 'No paying hand'
    return `${made ? `${made} so far. ` : ''}Choose the cards to hold, then draw`
  }

  function drawRow(name: string) {
    const amount = make('td', {})
    return {
      element: make('tr', {}, make('th', { scope: 'row' }, classWords(name)), make('td', {}, `${pays[name]}×`), amount),
      amount,
    }
  }

  function drawPlace(place: number) {
    let dealt = false
    const slot = make('span', { class: 'slot' })
    const tag = make('span', { class: 'tag', 'aria-hidden': 'true' }, 'Held')
    const button = act('', { class: 'place', 'aria-pressed': 'false', 'aria-keyshortcuts': String(place + 1) }, () => {
      if (state !== 'open') return
      if (!held.delete(place)) held.add(place)
      paint()
    })
    button.append(slot, tag)
    const element = make('div', {}, button)
    function paint(): void {
      button.disabled = state !== 'open'
      button.setAttribute('aria-pressed', String(held.has(place)))
      if (dealt)
        button.removeAttribute('aria-label') // the card names it
      else button.setAttribute('aria-label', `Place ${place + 1}`)
    }
    async function put(next: Card): Promise<void> {
      const card = drawCard()
      dealt = true
      slot.replaceChildren(card.element)
      await card.come(table.patience)
      await card.turn(next, table.patience)
      await table.patience.pause(calm ? 10 : 60)
    }
    return {
      element,
      button,
      paint,
      take: put,
      change: put,
      clear(): void {
        slot.replaceChildren()
        dealt = false
        paint()
      },
    }
  }
}
export default open

function classWords(name: string): string {
  return capital(name.replaceAll('-', ' '))
}
