import { get, wordsOf } from './api.ts'
import { byId, make } from './elements.ts'
import { type Money, minorOf, moneyOf, showSigned } from './money.ts'
import { drawReplay, type Recall } from './replay.ts'
import { endWords } from './round-words.ts'
import { when } from './words.ts'

type Round = {
  round: string
  game: string
  at: string
  status: 'open' | 'settled' | 'voided'
  stake: Money
  win: Money
}

const pageLength = 20
const { games } = await get<{ games: Array<{ game: string; name: string }> }>('/api/games')
const names = new Map(games.map(({ game, name }) => [game, name]))

let before: string | undefined
byId('more').addEventListener('click', () => void more())
await more()
if (/^#rnd_\d+$/.test(location.hash)) await recall(location.hash.slice(1))

async function more(): Promise<void> {
  const { rounds } = await get<{ rounds: Round[] }>(
    `/api/rounds?limit=${pageLength}${before ? `&before=${before}` : ''}`,
  )
  before = rounds.at(-1)?.round ?? before
  byId('more').hidden = rounds.length < pageLength
  byId('rounds').append(...rounds.map(row))
  if (byId('rounds').childElementCount === 0)
    byId('rounds').append(
      make(
        'li',
        { class: 'lead' },
        'You have not played yet. The games are in the ',
        make('a', { href: '/' }, 'lobby'),
        '.',
      ),
    )
}

function row(round: Round): HTMLElement {
  const net = netOf(round)
  const button = make(
    'button',
    {
      type: 'button',
      class: 'round-row',
      'data-round': round.round,
      'aria-expanded': 'false',
      'aria-controls': 'recall',
    },
    make('strong', {}, names.get(round.game) ?? round.game),
    make('strong', { class: net > 0n ? 'up' : '' }, showSigned(moneyOf(net, round.stake))),
    make('small', {}, when(round.at)),
    make('small', {}, endWords(round)),
  )
  button.addEventListener('click', () => void recall(round.round))
  return make('li', {}, button)
}

/** What a round has changed: one that was voided gave back what it took. */
function netOf({ status, stake, win }: Round): bigint {
  return status === 'voided' ? 0n : minorOf(win) - minorOf(stake)
}

async function recall(id: string): Promise<void> {
  for (const button of document.querySelectorAll('.round-row'))
    button.setAttribute('aria-expanded', String(button.getAttribute('data-round') === id))
  try {
    const round = await get<Recall>(`/api/rounds/${id}`)
    // A file for whoever the player shows it to: the round as it stands in the audit log, which the house cannot change any more.
    const proof = make('a', { href: `/api/rounds/${id}/proof`, download: `${id}-proof.json` }, 'Proof of this round')
    byId('recall').replaceChildren(
      drawReplay(round, names.get(round.game) ?? round.game),
      make('p', { class: 'round-proof' }, proof),
    )
  } catch (error) {
    byId('recall').replaceChildren(make('p', { class: 'note bad' }, wordsOf(error)))
  }
  if (matchMedia('(max-width: 760px)').matches) byId('recall').scrollIntoView() // there it stands below the list
}
