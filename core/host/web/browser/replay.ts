import { facts, make } from './elements.ts'
import { type Money, show } from './money.ts'
import { choiceWords, drawWords, outcomeWords } from './round-words.ts'
import { when } from './words.ts'

export type Recall = {
  round: string
  game: string
  version: string
  at: string
  stake: Money
  win: Money
  choice: Record<string, unknown>
  outcome: Record<string, unknown>
  draws: Array<[purpose: string, range: number, value: number]>
  balance: { cash: Money; bonus: Money; held: Money }
  balanceBefore: Money
  replay: string
  fair?: { clientSeed: string; nonce: number; serverSeed?: string }
}

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
      [
        `Draws, ${round.draws.length}`,
        make('ul', {}, ...drawWords(round.draws).map((words) => make('li', {}, words))),
        'wide',
      ],
    ]),
  )
}
