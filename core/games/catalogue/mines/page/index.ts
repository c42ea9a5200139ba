import { act, make } from '../../../../host/web/browser/elements.ts'
import { minorOf } from '../../../../host/web/browser/money.ts'
import { drawOdds, percent, times } from '../../../../host/web/browser/odds.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { drawStake } from '../../../../host/web/browser/stake.ts'
import { drawStepper } from '../../../../host/web/browser/stepper.ts'
import { drawTrail } from '../../../../host/web/browser/trail.ts'
import { drawBoard } from './board.ts'

/** Of each number of mines what the first, second, third … pearl pays, in hundredths of the stake. */
type Sheet = { tiles: number; ladders: Record<string, number[]> }
type Outcome = {
  picked: number[]
  count: number
  times: number
  next: number | null
  ended?: { mines: number[]; hit: boolean }
}

const step = 100n // pays are whole hundredths
const firstMines = 3
const rungsShown = 6

/** Shells on the sea floor hold pearls or mines: each pearl raises the pay, which can be had after any of them. */
const open: Open<Sheet, Outcome> = (table) => {
  const { tiles, ladders } = table.facts.sheet
  const most = Object.keys(ladders).length
  let mines = firstMines
  let aimed: number | undefined
  let shown: number[] = []
  let waiting: Round<Outcome> | undefined
  let state: 'ready' | 'busy' | 'open' = 'ready'

  const stake = drawStake(table as never, { step })
  const count = drawStepper('Mines', 'mines', (by) => {
    mines = Math.max(1, Math.min(most, mines + by))
    paint(state)
  })
  const board = drawBoard({ take })
  const rungs = make('ol', { class: 'rungs', 'aria-label': 'What the pearls pay' })
  const odds = drawOdds({ now: 'Cash out', next: 'Next pearl', chance: 'Its chance' })
  const trail = drawTrail('Pays of the last rounds, newest first', table.latest.map(markOf))
  const any = act('Any shell', {}, () => take(anyClosed()))
  const cash = act('', { class: 'primary cash', hidden: '' }, () => void table.move({ move: 'cash-out' }))
  table.stage.append(
    make('div', { class: 'sea' }, make('div', { class: 'surface' }, rungs, trail.element), board.element),
    table.result,
    make('div', { class: 'choices' }, count.element, odds.element),
  )
  table.controls.append(stake.element, any, cash)
  stake.onChange(() => paint(state))

  return {
    verbs: { play: 'Open', hurry: 'Skip' },
    invitation: 'Choose a shell to open first.',
    choice: () => (aimed === undefined ? 'Choose a shell to open first.' : { stake: stake.amount, mines, tile: aimed }),
    words,
    paint(next, round) {
      waiting = next === 'ready' ? undefined : ((round as Round<Outcome> | undefined) ?? waiting)
      paint(next)
    },
    async show(round) {
      const { picked, ended } = round.outcome
      if (picked.length <= shown.length || shown.some((tile, index) => picked[index] !== tile)) begin()
      mines = round.outcome.count
      aim(undefined)
      for (const [index, tile] of picked.entries()) {
        if (index < shown.length) continue
        const isLast = index === picked.length - 1
        await board.find(tile, ended?.hit && isLast ? 'mine' : 'pearl', table.patience)
        paintRungs(ended?.hit && isLast ? 0 : index + 1)
      }
      shown = [...picked]
      if (!ended) return
      await board.open(ended.mines, ended.hit, table.patience)
      trail.push(markOf(round))
      shown = []
      waiting = undefined
    },
  }

  /** In an open round a shell is opened; before one it is only chosen, so that no stray touch stakes anything. */
  function take(tile: number): void {
    if (state === 'open' && board.isClosed(tile)) void table.move({ move: 'reveal', tile })
    if (state !== 'ready') return
    begin()
    aim(tile)
    table.say('')
    paint(state)
  }

  function begin(): void {
    shown = []
    board.clear()
  }

  function aim(tile: number | undefined): void {
    aimed = tile
    board.aim(tile)
  }

  /** Which shell is opened changes no chance, so any number will do. */
  function anyClosed(): number {
    const closed = Array.from({ length: tiles }, (_, tile) => tile).filter(
      (tile) => state === 'ready' || board.isClosed(tile),
    )
    return closed[Math.floor(Math.random() * closed.length)] as number
  }

  function paint(next: typeof state): void {
    state = next
    const outcome = waiting?.outcome
    const staked = waiting ? minorOf(waiting.stake) : stake.value
    const picks = outcome?.picked.length ?? 0
    const pays = (hundredths: number) => `${table.show((staked * BigInt(hundredths)) / 100n)}`
    stake.paint(state === 'ready', staked)
    count.paint(String(mines), { less: state === 'ready' && mines > 1, more: state === 'ready' && mines < most })
    board.paint((tile) => state === 'ready' || (state === 'open' && board.isClosed(tile)))
    any.disabled = state === 'busy'
    cash.hidden = state !== 'open'
    cash.textContent = outcome ? `Cash out ${pays(outcome.times)}` : ''
    if (state === 'busy') return
    paintRungs(picks)
    odds.tell({
      now: outcome ? pays(outcome.times) : '–',
      next: pays(outcome?.next ?? ladders[mines]?.[0] ?? 0),
      chance: percent((tiles - mines - picks) / (tiles - picks)),
    })
  }

  /** The pays around where the round stands, with the one that is reached. */
  function paintRungs(picks: number): void {
    const ladder = ladders[mines] ?? []
    const from = Math.max(0, Math.min(picks - 2, ladder.length - rungsShown))
    rungs.replaceChildren(
      ...ladder.slice(from, from + rungsShown).map((pay, index) => {
        const reached = from + index + 1 === picks
        return make('li', reached ? { 'aria-current': 'step' } : {}, times(pay))
      }),
    )
  }

  function words({ outcome, stake }: Round<Outcome>): string {
    const { picked, ended } = outcome
    if (ended?.hit) return 'A mine'
    if (ended) return `Cashed out at ${times(outcome.times)}`
    const pearls = picked.length === 1 ? '1 pearl' : `${picked.length} pearls`
    return `${pearls}: ${table.show((minorOf(stake) * BigInt(outcome.times)) / 100n)} to cash out`
  }
}
export default open

function markOf({ outcome }: Pick<Round<Outcome>, 'outcome'>) {
  return { text: outcome.times > 0 ? times(outcome.times) : 'Mine', tone: outcome.times > 100 ? 'ahead' : 'behind' }
}
