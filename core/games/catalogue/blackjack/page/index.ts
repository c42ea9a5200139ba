import { type Card, type DrawnCard, drawCard } from '../../../../host/web/browser/cards.ts'
import { act, make } from '../../../../host/web/browser/elements.ts'
import { minorOf } from '../../../../host/web/browser/money.ts'
import { calm } from '../../../../host/web/browser/motion.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { drawStake } from '../../../../host/web/browser/stake.ts'
import { capital } from '../../../../host/web/browser/words.ts'

type Result = 'blackjack' | 'win' | 'push' | 'lose' | 'bust' | 'surrender'
type Hand = { cards: Card[]; total: number; soft: boolean; stakes: 1 | 2; result?: Result; win?: string }
type Outcome = {
  dealer: { cards: Card[]; total: number }
  hands: Hand[]
  active: number | null
  insurance: 'offered' | 'taken' | 'declined' | null
  insuranceWin?: string
}

/** Each move with its words and its key. */
const moves: ReadonlyArray<readonly [move: string, words: string, key: string]> = [
  ['hit', 'Hit', 'h'],
  ['stand', 'Stand', 's'],
  ['double', 'Double', 'd'],
  ['split', 'Split', 'p'],
  ['surrender', 'Surrender', 'u'],
  ['insurance', 'Insurance', 'i'],
  ['no-insurance', 'No insurance', 'n'],
]
const results: Record<Result, string> = {
  blackjack: 'Blackjack',
  win: 'Wins',
  push: 'Push',
  lose: 'Loses',
  bust: 'Bust',
  surrender: 'Surrendered',
}

/** The dealer above, the player's hands below, and what may be done now. */
const open: Open<{ step: number }, Outcome> = (table) => {
  const stake = drawStake(table as never, { step: BigInt(table.facts.sheet.step) })
  const dealer = drawHand('Dealer')
  const row = make('div', { class: 'hands' })
  let hands = [drawHand('You')]
  let first = 0n
  row.append(...hands.map(({ element }) => element))
  table.stage.append(
    make(
      'div',
      { class: 'cloth' },
      dealer.element,
      make('p', { class: 'arc' }, 'Blackjack pays 3 to 2 · dealer stands on all 17s · insurance pays 2 to 1'),
      row,
    ),
    table.result,
  )
  const buttons = moves.map(([move, words, key]) => ({
    move,
    key,
    button: act(words, { class: 'move', hidden: '', 'aria-keyshortcuts': key }, () => void table.move({ move })),
  }))
  table.controls.append(
    stake.element,
    make('div', { class: 'moves', role: 'group', 'aria-label': 'Your move' }, ...buttons.map(({ button }) => button)),
  )
  addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey, repeat }) => {
    if (ctrlKey || metaKey || altKey || repeat) return
    buttons
      .find((each) => each.key === key.toLowerCase() && !each.button.hidden && !each.button.disabled)
      ?.button.click()
  })

  return {
    verbs: { play: 'Deal', hurry: 'Skip' },
    invitation: 'Choose your stake and deal.',
    choice: () => ({ stake: stake.amount }),
    words,
    paint(state, round) {
      const may = state === 'open' ? (round?.moves ?? []) : []
      if (round) first = firstStakeOf(round as Round<Outcome>)
      for (const { move, button } of buttons) {
        button.hidden = !may.includes(move)
        button.textContent = labelOf(move)
      }
      stake.paint(state === 'ready', round && state !== 'ready' ? minorOf(round.stake) : undefined)
    },
    async show({ outcome }) {
      if (!goesOn(outcome)) clear()
      arrange(outcome.hands)
      if (dealer.cards.length === 0) await deal(outcome)
      for (const [index, hand] of outcome.hands.entries()) {
        for (const card of hand.cards.slice(hands[index]!.cards.length)) await hands[index]!.take(card)
        hands[index]!.tell(totalOf(hand), hand.stakes === 2 ? 'doubled' : '')
      }
      if (outcome.active === null && outcome.insurance !== 'offered') await reveal(outcome)
      for (const [index, hand] of hands.entries())
        hand.element.classList.toggle('active', outcome.active === index && hands.length > 1)
    },
  }

  async function deal({ dealer: { cards }, hands: dealt }: Outcome): Promise<void> {
    const [one, two] = dealt[0]!.cards as [Card, Card]
    await hands[0]!.take(one)
    await dealer.take(cards[0]!)
    await hands[0]!.take(two)
    await dealer.take(undefined)
  }

  /** The round is over: the dealer turns the hidden card, draws, and each hand is told. */
  async function reveal({ dealer: end, hands: played, insuranceWin }: Outcome): Promise<void> {
    await dealer.turn(end.cards[1]!)
    dealer.tell(String(end.total))
    for (const card of end.cards.slice(2)) {
      await table.patience.pause(calm ? 20 : 420)
      await dealer.take(card)
    }
    dealer.tell(String(end.total))
    for (const [index, { result, win = '0' }] of played.entries()) {
      if (!result) continue
      const paid = BigInt(win) > 0n ? ` ${table.show(BigInt(win))}` : ''
      hands[index]!.end(`${results[result]}${paid}`, result)
    }
    if (insuranceWin !== undefined)
      dealer.end(`Insurance ${BigInt(insuranceWin) > 0n ? table.show(BigInt(insuranceWin)) : 'lost'}`, 'push')
  }

  /** Whether these cards are those that lie there, and more. */
  function goesOn(outcome: Outcome): boolean {
    const [lies] = dealer.cards
    if (lies === undefined || lies !== outcome.dealer.cards[0] || dealer.over) return false
    const before = hands.flatMap(({ cards }) => cards)
    const now = outcome.hands.flatMap(({ cards }) => cards)
    return before.every((card) => now.includes(card)) && now.length >= before.length
  }

  /** As many places as there are hands; a split takes the second card over to the new one. */
  function arrange(now: readonly Hand[]): void {
    while (hands.length < now.length) {
      const at = hands.findIndex(({ cards }, index) => cards.length === 2 && cards[1] !== now[index]!.cards[1])
      const from = hands[at < 0 ? hands.length - 1 : at]!
      const added = drawHand('')
      from.element.after(added.element)
      hands = hands.toSpliced(hands.indexOf(from) + 1, 0, added)
      const moved = from.give()
      if (moved) added.lay(moved)
    }
    for (const [index, hand] of hands.entries()) hand.name(hands.length > 1 ? `Hand ${index + 1}` : 'You')
  }

  function clear(): void {
    dealer.clear()
    hands = [drawHand('You')]
    row.replaceChildren(hands[0]!.element)
  }

  function labelOf(move: string): string {
    const words = moves.find(([name]) => name === move)![1]
    if (move === 'double' || move === 'split') return `${words} +${table.show(first)}`
    return move === 'insurance' ? `${words} +${table.show(first / 2n)}` : words
  }

  function words({ outcome }: Round<Outcome>): string {
    if (outcome.insurance === 'offered') return 'The dealer shows an ace. Insurance?'
    if (outcome.active !== null) {
      const hand = outcome.hands[outcome.active]!
      const which = outcome.hands.length > 1 ? `Hand ${outcome.active + 1}` : 'You'
      return `${which}: ${totalOf(hand)}. Dealer shows ${outcome.dealer.total}`
    }
    const told = outcome.hands.map(({ result, total }, index) =>
      outcome.hands.length > 1
        ? `hand ${index + 1} ${results[result!].toLowerCase()} with ${total}`
        : `${results[result!].toLowerCase()} with ${total}`,
    )
    return `${capital(told.join(', '))}; dealer ${outcome.dealer.total}`
  }

  function drawHand(title: string) {
    const name = make('span', {}, title)
    const total = make('output', {})
    const verdict = make('p', { class: 'verdict' })
    const place = make('div', { class: 'hand' })
    const element = make('section', { class: 'side' }, make('p', { class: 'hand-name' }, name, total), place, verdict)
    const drawn: DrawnCard[] = []
    const cards: Array<Card | undefined> = []
    let over = false
    return {
      element,
      get cards() {
        return cards.filter((card) => card !== undefined)
      },
      get over() {
        return over
      },
      name(words: string): void {
        name.textContent = words
      },
      async take(card: Card | undefined): Promise<void> {
        const next = drawCard()
        drawn.push(next)
        cards.push(card)
        place.append(next.element)
        await next.come(table.patience)
        if (card) await next.turn(card, table.patience)
        await table.patience.pause(calm ? 10 : 120)
      },
      async turn(card: Card): Promise<void> {
        if (cards[1] !== undefined) return
        cards[1] = card
        await drawn[1]?.turn(card, table.patience)
      },
      /** The second card goes to another hand. */
      give(): { drawn: DrawnCard; card: Card } | undefined {
        const [moved, card] = [drawn.splice(1, 1)[0], cards.splice(1, 1)[0]]
        return moved && card ? { drawn: moved, card } : undefined
      },
      lay(moved: { drawn: DrawnCard; card: Card }): void {
        drawn.push(moved.drawn)
        cards.push(moved.card)
        place.append(moved.drawn.element)
      },
      tell(words: string, note = ''): void {
        total.textContent = words
        if (note) verdict.textContent = note
      },
      end(words: string, result: Result): void {
        over = true
        verdict.textContent = words
        element.dataset.result = result
      },
      clear(): void {
        over = false
        drawn.length = 0
        cards.length = 0
        place.replaceChildren()
        total.textContent = ''
        verdict.textContent = ''
        delete element.dataset.result
      },
    }
  }
}
export default open

function totalOf({ total, soft, cards }: Hand): string {
  if (cards.length === 2 && total === 21) return '21'
  return soft && total < 21 ? `${total - 10}/${total}` : String(total)
}

/** What was staked at first: every hand lies at once or twice that, the insurance at half. */
function firstStakeOf({ stake, outcome: { hands, insurance } }: Round<Outcome>): bigint {
  const halves = hands.reduce((sum, { stakes }) => sum + 2 * stakes, insurance === 'taken' ? 1 : 0)
  return (minorOf(stake) * 2n) / BigInt(halves)
}
