import { type Draw, type Fact, fact, type Played } from './fair-fact.ts'

const ranks = 'A23456789TJQK'
const suits = 'SHDC'

type Dealt = { cards: string[] }

/**
 * A shoe of so many packs: all cards by rank (ace to king), within a rank spades, hearts, diamonds, clubs, equal cards side by side. A draw out
 * of what is left is the place of the card that is dealt, and it is taken out.
 */
function openShoe(packs: number, draw: Draw): () => Promise<string> {
  const left = [...ranks].flatMap((rank) => [...suits].flatMap((suit) => new Array<string>(packs).fill(rank + suit)))
  return async () => left.splice(await draw(left.length), 1)[0]!
}

/** One card each, player first, twice; a third to the player, then to the banker, where the tableau has one. */
export async function baccarat(draw: Draw, { outcome, sheet }: Played): Promise<Fact[]> {
  const [player, banker] = [outcome.player as Dealt, outcome.banker as Dealt]
  const next = openShoe(sheet.packs as number, draw)
  const made = { player: [] as string[], banker: [] as string[] }
  for (const hand of ['player', 'banker', 'player', 'banker'] as const) made[hand].push(await next())
  const [first, second] = [totalOf(made.player), totalOf(made.banker)]
  if (first < 8 && second < 8) {
    if (first <= 5) made.player.push(await next())
    if (bankerDraws(second, made.player[2])) made.banker.push(await next())
  }
  return [fact('Player', made.player, player.cards), fact('Banker', made.banker, banker.cards)]
}

/** Player, dealer, player, dealer; then a card for each that a move asks for, in the order of the moves; at last the dealer's. */
export async function blackjack(draw: Draw, { outcome, steps, sheet }: Played): Promise<Fact[]> {
  const next = openShoe((sheet.house as { packs: number }).packs, draw)
  const [first, up, second, hole] = [await next(), await next(), await next(), await next()] as const
  const hands = [[first, second]]
  const dealer = [up, hole]
  for (const [n, { move }] of steps.entries()) {
    const { move: what } = (move ?? {}) as { move?: string }
    const active = steps[n - 1]?.outcome.active as number | null | undefined
    const hand = hands[active ?? -1]
    if (!hand) continue
    if (what === 'hit' || what === 'double') hand.push(await next())
    if (what === 'split') {
      const [one, other] = hand as [string, string]
      hands.splice(active!, 1, [one, await next()], [other, await next()])
    }
  }
  const [shown, theirs] = [outcome.dealer as Dealt, outcome.hands as Dealt[]]
  while (dealer.length < shown.cards.length) dealer.push(await next())
  return [
    fact('Dealer', dealer, shown.cards),
    ...theirs.map(({ cards }, n) => fact(theirs.length > 1 ? `Hand ${n + 1}` : 'Player', hands[n] ?? [], cards)),
  ]
}

/** Five cards; then one out of the rest of the pack for each place that was not held, from the left. */
export async function jacksOrBetter(draw: Draw, { outcome }: Played): Promise<Fact[]> {
  const { dealt, held } = outcome.ended as { dealt: string[]; held: number[] }
  const next = openShoe(1, draw)
  const made: string[] = []
  for (let place = 0; place < 5; place++) made.push(await next())
  const final = [...made]
  for (let place = 0; place < 5; place++) if (!held.includes(place)) final[place] = await next()
  return [fact('Dealt', made, dealt), fact('After the draw', final, outcome.cards)]
}

/** A card of a gamble: 13 hearts from two to ace, then diamonds, clubs, spades. */
export function gambledCard(drawn: number): string {
  const suit = ['hearts', 'diamonds', 'clubs', 'spades'][Math.floor(drawn / 13)]
  return `${['2', '3', '4', '5', '6', '7', '8', '9', '10', 'J', 'Q', 'K', 'A'][drawn % 13]} of ${suit}`
}

function pips(card: string): number {
  return Math.min(ranks.indexOf(card[0]!) + 1, 10) % 10
}

function totalOf(cards: readonly string[]): number {
  return cards.reduce((sum, card) => sum + pips(card), 0) % 10
}

/** The banker's total of two cards, and the player's third card where there is one. */
function bankerDraws(total: number, third: string | undefined): boolean {
  if (third === undefined) return total <= 5
  const least = [0, 0, 0, 0, 2, 4, 6][total]
  if (least === undefined) return false
  return total <= 2 || (total === 3 ? pips(third) !== 8 : pips(third) >= least && pips(third) <= 7)
}
