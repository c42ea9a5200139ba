import { type Card, drawCard } from '../../../../host/web/browser/cards.ts'
import { brief, drawChips } from '../../../../host/web/browser/chips.ts'
import { act, make } from '../../../../host/web/browser/elements.ts'
import { createLayout } from '../../../../host/web/browser/layout.ts'
import { calm } from '../../../../host/web/browser/motion.ts'
import type { Open } from '../../../../host/web/browser/scene.ts'

type Side = 'player' | 'banker'
type Result = Side | 'tie'
type Sheet = { pays: Record<Result, string>; returns: Record<Result, string> }
type Outcome = Record<Side, { cards: Card[]; total: number }> & { result: Result; wins: string[] }

const sides: readonly Side[] = ['player', 'banker']
const titles: Record<Result, string> = { player: 'Player', tie: 'Tie', banker: 'Banker' }
const recentMax = 24

/** Two hands, three bets, and the row of what won last. */
const open: Open<Sheet, Outcome> = (table) => {
  const { sheet } = table.facts
  const layout = createLayout(() => {
    clearCloth()
    paint('ready')
  })
  const chips = drawChips(table as never)
  const ready = () => document.body.dataset.playing !== 'yes'
  const hands = { player: drawHand('player'), banker: drawHand('banker') }
  const spots = (['player', 'tie', 'banker'] as const).map(drawSpot)
  const staked = make('output', { id: 'staked' })
  const undo = act('Undo', {}, () => ready() && layout.undo())
  const clear = act('Clear', {}, () => ready() && layout.clear())
  const again = act('Same again', {}, () => ready() && layout.repeat())
  const road = make('ol', { class: 'road', 'aria-label': 'What won last, newest first' })
  let recent = table.latest.map(({ outcome }) => outcome.result)

  table.stage.append(
    make(
      'div',
      { class: 'cloth' },
      make('div', { class: 'hands' }, hands.player.element, hands.banker.element),
      make('div', { class: 'spots' }, ...spots.map(({ button }) => button)),
    ),
    table.result,
    road,
  )
  table.controls.append(
    chips.element,
    make('div', { class: 'acts' }, undo, clear, again),
    make('p', { class: 'stake' }, make('span', {}, 'Stake'), staked),
  )
  paintRoad()

  return {
    verbs: { play: 'Deal', hurry: 'Skip' },
    key: 'd',
    invitation: 'Place your bets.',
    choice: () => (layout.placed.size === 0 ? 'Place at least one chip.' : { bets: layout.bets(table) }),
    paint,
    words({ outcome: { player, banker, result } }) {
      const [high, low] = [player.total, banker.total].sort((one, other) => other - one)
      return `${result === 'tie' ? 'Tie' : `${titles[result]} wins`}, ${high} to ${low}`
    },
    async show({ outcome }) {
      clearCloth()
      await deal(outcome)
      if (layout.placed.size > 0) layout.played()
      for (const side of sides) hands[side].element.classList.toggle('won', outcome.result === side)
      const placed = [...layout.last.keys()]
      for (const { on, button, chip } of spots) {
        const win = BigInt(outcome.wins[placed.indexOf(on)] ?? '0')
        button.classList.toggle('won', on === outcome.result)
        chip.textContent = win > 0n ? brief(table, win) : ''
      }
      recent = [outcome.result, ...recent]
      paintRoad()
    },
  }

  /** In the order of the game: one each, one each, then the third cards; totals are told when both have two. */
  async function deal({ player, banker }: Outcome): Promise<void> {
    const order: Array<[Side, number]> = [
      ['player', 0],
      ['banker', 0],
      ['player', 1],
      ['banker', 1],
      ['player', 2],
      ['banker', 2],
    ]
    const cards = { player: player.cards, banker: banker.cards }
    for (const [side, index] of order) {
      const card = cards[side][index]
      if (!card) continue
      await hands[side].take(card)
      await table.patience.pause(calm ? 20 : index === 2 ? 500 : 180)
    }
  }

  function drawHand(side: Side) {
    const total = make('output', { 'aria-label': `Total of the ${side}` })
    const hand = make('div', { class: 'hand' })
    const element = make('section', { class: `side ${side}`, 'aria-label': titles[side] })
    element.append(make('p', { class: 'hand-name' }, titles[side], total), hand)
    let points = 0
    return {
      element,
      async take(card: Card): Promise<void> {
        const drawn = drawCard()
        hand.append(drawn.element)
        await drawn.come(table.patience)
        await drawn.turn(card, table.patience)
        points = (points + ('TJQK'.includes(card[0] ?? '') ? 0 : card[0] === 'A' ? 1 : Number(card[0]))) % 10
        total.textContent = String(points)
      },
      clear(): void {
        points = 0
        hand.replaceChildren()
        total.textContent = ''
        element.classList.remove('won')
      },
    }
  }

  function drawSpot(on: Result) {
    const chip = make('i', { class: 'chip', 'aria-hidden': 'true' })
    const button = act('', { class: `spot ${on}`, 'data-on': on }, () => ready() && layout.place(on, chips.chosen))
    button.append(make('strong', {}, titles[on]), ' ', make('span', { class: 'fine' }, termsOf(on)), chip)
    button.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      if (ready()) layout.place(on, -chips.chosen)
    })
    button.addEventListener('keydown', ({ key }) => {
      if ((key === 'Delete' || key === 'Backspace') && ready()) layout.place(on, -chips.chosen)
    })
    return { on, button, chip }
  }

  function termsOf(on: Result): string {
    return `${sheet.pays[on]} · returns ${sheet.returns[on]}`
  }

  function clearCloth(): void {
    for (const side of sides) hands[side].clear()
    for (const { button } of spots) button.classList.remove('won')
  }

  function paint(state: 'ready' | 'busy' | 'open'): void {
    for (const { on, button, chip } of spots) {
      const amount = layout.placed.get(on)
      if (layout.placed.size > 0) chip.textContent = amount === undefined ? '' : brief(table, amount)
      else if (state === 'ready' && !table.stage.querySelector('.won')) chip.textContent = ''
      const lies = chip.textContent ? `, ${chip.textContent} ${amount === undefined ? 'returned' : 'placed'}` : ''
      button.setAttribute('aria-label', `Bet on ${titles[on]} ${termsOf(on)}${lies}`)
    }
    staked.textContent = table.show(layout.sum)
    const may = layout.may()
    undo.disabled = state !== 'ready' || !may.undo
    clear.disabled = state !== 'ready' || !may.clear
    again.disabled = state !== 'ready' || !may.repeat
  }

  function paintRoad(): void {
    road.replaceChildren(
      ...recent
        .slice(0, recentMax)
        .map((result) =>
          make('li', { class: result, title: titles[result], 'aria-label': titles[result] }, titles[result][0]!),
        ),
    )
  }
}
export default open
