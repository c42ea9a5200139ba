import { get, send } from './api.ts'
import { asking, badge, type Cell, code, fill, openDialog, table, tell } from './desk-parts.ts'
import { act, facts, make } from './elements.ts'
import { type Money, show } from './money.ts'
import { when } from './words.ts'

type Version = { version: string; rtp: string }
type Game = {
  game: string
  name: string
  state: 'open' | 'closed' | 'waits'
  present: Version
  offered: (Version & { since: string }) | null
  closed: { since: string; reason: string; by: string | null; what: { game: string; version?: string } } | null
}

type Alarm = {
  at: string
  game: string
  version: string
  level: Money
  days: number
  part: 'rounds' | 'moves'
  rounds: string
  deviations: string
}

/** What is offered, with which return. Closing is one's to do; opening and another version take two. */
export async function paintGames(permissions: ReadonlySet<string>, after: () => Promise<void>): Promise<void> {
  await fill('games', async () => {
    const { games } = await get<{ games: Game[] }>('/api/games')
    const rows = games.map((game): Cell[] => [
      game.name,
      game.offered?.rtp ?? '–',
      game.offered ? code(game.offered.version) : '–',
      badge(stateOf(game)),
      act('Look', { 'aria-label': `Look at ${game.name}` }, () => look(game, permissions, after)),
    ])
    const { alarms } = await get<{ alarms: Alarm[] }>('/api/games/returns')
    const list = make(
      'div',
      {},
      table(['Game', 'Return', 'Version offered', 'State', ''], rows, 'There are no games.'),
      make('h3', {}, 'Returns outside what chance explains'),
      table(
        ['When', 'Game', 'Version', 'Stakes from', 'Days', 'Of', 'Deviations'],
        alarms.map((alarm): Cell[] => [
          when(alarm.at),
          games.find(({ game }) => game === alarm.game)?.name ?? alarm.game,
          code(alarm.version),
          show(alarm.level),
          alarm.days === 0 ? 'that day so far' : String(alarm.days),
          `${alarm.rounds} ${alarm.part}`,
          alarm.deviations,
        ]),
        'None: every return is as its mathematics say.',
      ),
    )
    if (!permissions.has('games.close') || games.some(({ closed }) => closed?.what.game === '*')) return list
    return make('div', {}, list, closing(after))
  })
}

/** Everything at once: no round begins any more, of no game; rounds that wait are finished [GLI-2.4.1a]. */
function closing(after: () => Promise<void>): HTMLElement {
  return asking('close-play', 'Close all play at once', 'Why', async (reason) => {
    await send('/api/play/closure', { reason })
    await after()
    tell('All play is closed.')
  })
}

function look(game: Game, permissions: ReadonlySet<string>, after: () => Promise<void>): void {
  const { name, present, offered, closed, state } = game
  const steps: HTMLElement[] = []
  const done = async (words: string) => {
    close()
    await after() // so that who reads the words sees what they say
    tell(words)
  }
  const ask = (id: string, text: string, act: string, payload: object) =>
    asking(id, text, 'Why', async (reason) => {
      await send('/api/proposals', { act, payload, reason })
      await done(`${text}: it waits for somebody else’s approval.`)
    })
  if (permissions.has('games.propose') && state === 'waits')
    steps.push(ask('offer', 'Ask to offer this version', 'games.offer', { game: game.game, ...present }))
  if (permissions.has('games.propose') && closed)
    steps.push(
      ask('open', closed.what.game === '*' ? 'Ask to open all play' : 'Ask to open it', 'games.open', closed.what),
    )
  if (permissions.has('games.close') && !closed)
    steps.push(
      asking('close', 'Close at once', 'Why', async (reason) => {
        await send(`/api/games/${game.game}/closure`, { reason })
        await done(`${name} is closed.`)
      }),
    )
  const close = openDialog(
    name,
    'event',
    make('h2', {}, name),
    facts([
      ['State', badge(stateOf(game))],
      ['Offered', offered ? `${offered.rtp}, version ${offered.version}, since ${when(offered.since)}` : 'Nothing yet'],
      ['In this program', `${present.rtp}, version ${present.version}`],
      ...(closed ? [['Closed', `${when(closed.since)}: ${closed.reason}`, 'wide'] as const] : []),
    ]),
    ...steps,
    make(
      'div',
      { class: 'decision' },
      act('Back', {}, () => close()),
    ),
  )
}

function stateOf({ state }: Game): string {
  return state === 'open' ? 'active' : state
}
