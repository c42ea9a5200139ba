import { drawCard } from './cards.ts'
import { act, make } from './elements.ts'
import { calm, type Patience } from './motion.ts'
import type { Gamble } from './slot.ts'

/** What can be gambled on: half of the cards pay twice, a quarter four times. */
const wagers: ReadonlyArray<readonly [on: string, words: string, pays: bigint]> = [
  ['red', 'Red', 2n],
  ['black', 'Black', 2n],
  ['hearts', '♥ Hearts', 4n],
  ['diamonds', '♦ Diamonds', 4n],
  ['clubs', '♣ Clubs', 4n],
  ['spades', '♠ Spades', 4n],
]

/** Double or nothing on the next card, or keep what was won. Amounts are minor units. */
export function drawGamble(show: (minor: bigint) => string, handlers: { on(on: string): void; keep(): void }) {
  const card = drawCard()
  const buttons = wagers.map(([on, words, pays]) =>
    act(`${words} ${pays}×`, { class: `wager ${on}` }, () => handlers.on(on)),
  )
  const keep = act('', { class: 'primary' }, handlers.keep)
  const odds = make(
    'p',
    { class: 'fine' },
    'A colour comes once in 2 and pays twice, a suit once in 4 and pays four times.',
  )
  const wagered = make(
    'div',
    { class: 'wagers', role: 'group', 'aria-label': 'Gamble the win on the next card' },
    ...buttons,
  )
  const element = make('div', { class: 'gamble' }, card.element, make('div', { class: 'keep' }, odds, keep), wagered)
  let turned = 0

  return {
    element,
    begin(): void {
      turned = 0
    },
    /** Turns the cards that were drawn since. */
    async show({ steps }: Gamble, patience: Patience): Promise<void> {
      for (const { card: drawn } of steps.slice(turned)) {
        turned++
        await card.turn(undefined, patience)
        await card.turn(`${drawn.rank === '10' ? 'T' : drawn.rank}${drawn.suit[0]?.toUpperCase()}`, patience)
        await patience.pause(calm ? 50 : 900)
      }
    },
    /** @param most what a step may bring at the most */
    paint(free: boolean, amount: bigint, most: bigint): void {
      wagers.forEach(([, , pays], index) => {
        const button = buttons[index] as HTMLButtonElement
        button.disabled = !free || amount * pays > most
      })
      keep.disabled = !free
      keep.textContent = `Keep ${show(amount)}`
      if (turned === 0) void card.turn(undefined, { hurried: true } as Patience)
    },
  }
}
