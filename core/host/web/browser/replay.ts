import { facts, make } from './elements.ts'
import { type Money, moneyOf, show } from './money.ts'
import { betName, capital, when } from './words.ts'

type Draw = [purpose: string, range: number, value: number]
export type Recall = {
  round: string
  game: string
  version: string
  at: string
  stake: Money
  win: Money
  choice: unknown
  outcome: { number?: number; colour?: string; wins?: string[]; free?: object[] }
  draws: Draw[]
  balance: { cash: Money; bonus: Money; held: Money }
  balanceBefore: Money
  replay: string
  fair?: { clientSeed: string; nonce: number; serverSeed?: string }
}

/** The draws of one spin of the reels. */
const reelCount = 5

const verdicts: Record<string, string> = {
  identical: 'Played again from its draws: identical',
  different: 'Played again from its draws: different. Please tell support',
  version_not_here: 'Not played again: this version of the game is no longer here',
}

/** A round again: what it showed, and everything that is recorded about it, in words. */
export function drawReplay(round: Recall, name: string): HTMLElement {
  return make(
    'article',
    { class: 'card' },
    make(
      'p',
      { class: 'replay-head' },
      make('span', { class: 'replay-mark' }, 'Replay'),
      verdicts[round.replay] ?? round.replay,
    ),
    make(
      'p',
      { class: 'replay-ways' },
      make('a', { class: 'button', href: `/games/${round.game}?round=${round.round}` }, 'See it played again'),
      ...(round.fair
        ? [make('a', { class: 'button', href: `/fairness?round=${round.round}` }, 'Check its numbers')]
        : []),
    ),
    facts([
      ...(round.fair ? [['Drawn by', `seeds, round ${round.fair.nonce} of “${round.fair.clientSeed}”`] as const] : []),
      ['Game', name],
      ['Played', when(round.at)],
      ['Round', round.round],
      ['Version of the game', round.version],
      ['Your choice', choiceWords(round)],
      ['Outcome', outcomeWords(round)],
      ['Stake', show(round.stake)],
      ['Win', show(round.win)],
      ['Balance before', show(round.balanceBefore)],
      ['Balance after', show(round.balance.cash)],
      ['Bonus after', show(round.balance.bonus)],
      ['Set aside after', show(round.balance.held)],
      [`Draws, ${round.draws.length}`, drawList(round.draws), 'wide'],
    ]),
  )
}

function choiceWords({ choice, stake }: Recall): string {
  const { chips } = (choice ?? {}) as { chips?: Array<[on: string, amount: string]> }
  if (!chips) return `A spin for ${show(stake)}`
  return chips.map(([on, amount]) => `${betName(on)} ${moneyOf(BigInt(amount), stake).amount}`).join(', ')
}

function outcomeWords({ outcome, choice, stake }: Recall): string {
  if (outcome.number !== undefined) {
    const { chips } = (choice ?? {}) as { chips?: Array<[on: string, amount: string]> }
    const won = (outcome.wins ?? []).flatMap((win, index) =>
      win === '0' ? [] : [`${betName(chips?.[index]?.[0] ?? '')} returned ${moneyOf(BigInt(win), stake).amount}`],
    )
    return `${outcome.number} ${outcome.colour}; ${won.length > 0 ? won.join(', ') : 'no bet returned'}`
  }
  const free = outcome.free?.length ?? 0
  return free > 0 ? `A spin and ${free} free spins` : 'One spin'
}

/** One number of the table, or five stops per spin; each with what it was drawn out of. */
function drawList(draws: readonly Draw[]): HTMLElement {
  if (draws.length < reelCount) return make('ul', {}, ...draws.map((draw) => make('li', {}, drawWords([draw]))))
  const spins = Array.from({ length: Math.ceil(draws.length / reelCount) }, (_, index) =>
    draws.slice(index * reelCount, (index + 1) * reelCount),
  )
  return make('ol', {}, ...spins.map((spin) => make('li', {}, drawWords(spin))))
}

function drawWords(draws: readonly Draw[]): string {
  const [purpose = '', range = 1] = draws[0] ?? []
  const alike = draws.every((draw) => draw[1] === range)
  const values = draws.map(([, of, value]) => (alike ? String(value) : `${value} (of 0 to ${of - 1})`)).join(', ')
  return `${capital(purpose)}${draws.length > 1 ? ' stops' : ''}: ${values}${alike ? `, of 0 to ${range - 1}` : ''}`
}
