/** What may happen: two cards each, a third by these rules, whoever is nearer to nine wins. Totals are of pips modulo ten. */
export type Result = 'player' | 'banker' | 'tie'

const natural = 8

/** Pips of the cards modulo ten; tens and court cards count nothing. */
export function totalOf(pips: readonly number[]): number {
  return pips.reduce((sum, each) => sum + each, 0) % 10
}

export function resultOf(player: number, banker: number): Result {
  if (player === banker) return 'tie'
  return player > banker ? 'player' : 'banker'
}

/** Whose the next card is, by pips; nobody's when the deal is whole. */
export function handOfNext(player: readonly number[], banker: readonly number[]): 'player' | 'banker' | undefined {
  if (banker.length < 2) return player.length > banker.length ? 'banker' : 'player'
  if (banker.length === 3) return undefined
  const [first, second] = [totalOf(player.slice(0, 2)), totalOf(banker)]
  if (isNatural(first, second)) return undefined
  if (player.length === 2 && playerDraws(first)) return 'player'
  return bankerDraws(second, player[2]) ? 'banker' : undefined
}

function isNatural(player: number, banker: number): boolean {
  return player >= natural || banker >= natural
}

function playerDraws(player: number): boolean {
  return player <= 5
}

/** @param third the pips of the player's third card, undefined where the player stood */
function bankerDraws(banker: number, third: number | undefined): boolean {
  if (third === undefined) return banker <= 5
  const pips = third % 10
  if (banker <= 2) return true
  if (banker === 3) return pips !== 8
  if (banker === 4) return pips >= 2 && pips <= 7
  if (banker === 5) return pips >= 4 && pips <= 7
  return banker === 6 && (pips === 6 || pips === 7)
}
