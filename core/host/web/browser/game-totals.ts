import { make } from './elements.ts'
import { type Money, show } from './money.ts'

export type GameTotal = {
  game: string
  name: string
  kind: 'table' | 'slot' | 'instant' | null
  rounds: number
  staked: Money
  won: Money
}

const titles = ['Rounds', 'Staked', 'Won'] as const
const kinds = { table: 'Table or card game', slot: 'Slot', instant: 'Instant game' }

/** What was staked and won with each game. */
export function drawGameTotals(games: readonly GameTotal[]): HTMLElement {
  const head = make('tr', {}, make('th', { scope: 'col' }, 'Game'))
  for (const title of titles) head.append(make('th', { scope: 'col', class: 'number' }, title))
  return make('table', { class: 'games' }, make('thead', {}, head), make('tbody', {}, ...games.map(row)))
}

function row({ game, name, kind, rounds, staked, won }: GameTotal): HTMLElement {
  const type = kind ? [make('small', {}, kinds[kind])] : []
  return make(
    'tr',
    { 'data-game': game },
    make('th', { scope: 'row' }, name, ...type),
    ...[rounds.toLocaleString('en'), show(staked), show(won)].map((text, column) =>
      make('td', { class: 'number', 'data-title': titles[column]! }, text),
    ),
  )
}
