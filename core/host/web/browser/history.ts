import { byId, get, type Money, make, show } from './api.ts'
import { symbol } from './art.ts'

type Spin = { window: string[][]; win: string }
type Round = {
  round: string
  game: string
  at: string
  stake: Money
  win: Money
  outcome: { number?: number; colour?: string; base?: Spin; free?: Spin[] }
}
type Recall = Round & {
  choice: unknown
  draws: Array<[string, number, number]>
  balanceBefore: Money
  balance: { cash: Money }
  replay: string
  version: string
}

let before: string | undefined
byId('more').addEventListener('click', () => void more())
await more()

async function more(): Promise<void> {
  const { rounds } = await get<{ rounds: Round[] }>(`/api/rounds?limit=20${before ? `&before=${before}` : ''}`)
  before = rounds.at(-1)?.round ?? before
  byId('more').hidden = rounds.length < 20
  byId('rounds').append(...rounds.map(row))
  if (byId('rounds').childElementCount === 0) byId('rounds').append(make('p', {}, 'You have not played yet.'))
}

function row(round: Round): HTMLElement {
  const button = make('button', { class: 'quiet' }, 'Look again')
  button.addEventListener('click', () => void recall(round.round))
  return make(
    'p',
    {},
    make('span', {}, new Date(round.at).toLocaleString('en-GB')),
    make('span', {}, round.game),
    make('span', {}, `staked ${show(round.stake)}`),
    make('strong', {}, `returned ${show(round.win)}`),
    button,
  )
}

async function recall(id: string): Promise<void> {
  const round = await get<Recall>(`/api/rounds/${id}`)
  const facts: Array<[string, string]> = [
    ['Round', round.round],
    ['Played', new Date(round.at).toLocaleString('en-GB')],
    ['Game and version', `${round.game}, ${round.version}`],
    ['Choice', JSON.stringify(round.choice)],
    ['Staked', show(round.stake)],
    ['Returned', show(round.win)],
    ['Balance before and after', `${show(round.balanceBefore)} → ${show(round.balance.cash)}`],
    ['Draws', round.draws.map(([purpose, range, value]) => `${purpose}: ${value} of 0–${range - 1}`).join(', ')],
    ['Replayed from the draws', round.replay],
  ]
  const { outcome } = round
  const picture =
    outcome.number === undefined
      ? [outcome.base, ...(outcome.free ?? [])].map((spin) => board(spin as Spin))
      : [make('p', { class: `pocket-shown ${outcome.colour}` }, String(outcome.number))]
  byId('recall').replaceChildren(
    make(
      'div',
      { class: 'card' },
      make('p', { class: 'replay-mark' }, 'Replay'),
      ...picture,
      make('dl', {}, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
    ),
  )
  byId('recall').scrollIntoView({ behavior: 'smooth' })
}

function board(spin: Spin): HTMLElement {
  return make(
    'div',
    { class: 'board' },
    ...spin.window.map((reel) => make('div', {}, ...reel.map((name) => symbol(name) as unknown as Node))),
  )
}
