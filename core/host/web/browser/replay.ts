import { facts, make } from './elements.ts'
import { type Money, show } from './money.ts'
import {
  choiceWords,
  drawWords,
  outcomeWords,
  type Parts,
  partsWords,
  type Step,
  stepWords,
  voidedWords,
} from './round-words.ts'
import { when } from './words.ts'

export type Recall = {
  round: string
  game: string
  name: string
  session: string
  version: string
  status: 'open' | 'settled' | 'voided'
  at: string
  begunAt: string
  denomination: Money
  stake: Money
  win: Money
  choice: Record<string, unknown>
  outcome: Record<string, unknown>
  steps: Step[]
  parts: Parts
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
  open: 'It waits for you. What was drawn is told once it is over',
}

type Fact = readonly [name: string, value: string]

/**
 * A round again: what it showed, and everything that is recorded about it, in words [GLI-4.14.2]. For others than its player with facts besides, and
 * without the pages that are the player's alone.
 */
export function drawReplay(round: Recall, name: string, forOthers?: { facts: readonly Fact[] }): HTMLElement {
  return make(
    'article',
    { class: 'card' },
    make(
      'p',
      { class: 'replay-head' },
      make('span', { class: 'replay-mark' }, 'Replay'),
      verdicts[round.replay] ?? round.replay,
    ),
    ...(forOthers ? [] : [waysOn(round)]),
    ...(round.status === 'voided' ? [make('p', { class: 'note' }, voidedWords(round))] : []),
    facts([
      ...(forOthers?.facts ?? []),
      ...(round.fair ? [['Drawn by', `seeds, round ${round.fair.nonce} of “${round.fair.clientSeed}”`] as const] : []),
      ['Game', name],
      ['Begun', when(round.begunAt)],
      [round.status === 'open' ? 'Last step' : 'Ended', when(round.at)],
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
      ['Amounts go in steps of', show(round.denomination)],
      ...partsWords(round.parts),
      ...(round.steps.length > 0
        ? [[`Steps, ${round.steps.length}`, make('ol', {}, ...stepsOf(round)), 'wide'] as const]
        : []),
      [
        `Draws, ${round.draws.length}`,
        make('ul', {}, ...drawWords(round.draws).map((words) => make('li', {}, words))),
        'wide',
      ],
    ]),
  )
}

/** Where its player goes from here. */
function waysOn({ round, game, status, fair }: Recall): HTMLElement {
  const link = (href: string, text: string) => make('a', { class: 'button', href }, text)
  return make(
    'p',
    { class: 'replay-ways' },
    status === 'open'
      ? link(`/games/${game}`, 'Go on with it')
      : link(`/games/${game}?round=${round}`, 'See it played again'),
    ...(fair ? [link(`/fairness?round=${round}`, 'Check its numbers')] : []),
  )
}

function stepsOf(round: Recall): HTMLElement[] {
  return round.steps.map((step, index) => make('li', {}, stepWords(step, round, index === round.steps.length - 1)))
}
