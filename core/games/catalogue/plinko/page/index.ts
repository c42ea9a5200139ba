import { make } from '../../../../host/web/browser/elements.ts'
import { minorOf } from '../../../../host/web/browser/money.ts'
import { drawOdds, percent, times } from '../../../../host/web/browser/odds.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { drawSegments } from '../../../../host/web/browser/segments.ts'
import { drawStake } from '../../../../host/web/browser/stake.ts'
import { drawTrail } from '../../../../host/web/browser/trail.ts'
import { drawBoard } from './board.ts'

type Risk = 'low' | 'medium' | 'high'
/** What each bucket pays, in hundredths of the stake, by rows and risk. */
type Sheet = { pays: Record<string, Record<Risk, number[]>> }
type Outcome = { path: number[]; bucket: number; times: number }

/** Every pay is an even number of hundredths, so stakes go in steps of half a hundred. */
const step = 50n

/** A ball falls over pegs, left or right at each, into a bucket that says what it pays. */
const open: Open<Sheet, Outcome> = (table) => {
  const { pays } = table.facts.sheet
  const stake = drawStake(table as never, { step })
  const board = drawBoard()
  const rows = drawSegments(
    'Rows',
    Object.keys(pays).map((count) => [count, count] as const),
    '12',
    chosen,
  )
  const risk = drawSegments<Risk>(
    'Risk',
    [
      ['low', 'Low'],
      ['medium', 'Medium'],
      ['high', 'High'],
    ],
    'medium',
    chosen,
  )
  const odds = drawOdds({ most: 'Highest pay', chance: 'Chance of it', above: 'Pays above the stake' })
  const trail = drawTrail('Pays of the last rounds, newest first', table.latest.map(markOf))
  table.stage.append(
    make('div', { class: 'cabinet' }, trail.element, board.element),
    table.result,
    make('div', { class: 'choices' }, rows.element, risk.element, odds.element),
  )
  table.controls.append(stake.element)
  chosen()

  return {
    verbs: { play: 'Drop', hurry: 'Skip' },
    invitation: 'Choose rows and risk, then drop the ball.',
    choice: () => ({ stake: stake.amount, rows: Number(rows.value), risk: risk.value }),
    words: ({ outcome }) => `Fell into ${times(outcome.times)}`,
    paint(state) {
      for (const part of [stake, rows, risk]) part.paint(state === 'ready')
    },
    async show(round) {
      const { choice, outcome, win, stake } = round
      if (choice) set(Number(choice.rows), choice.risk as Risk)
      table.say('It falls …')
      await board.fall(outcome.path, minorOf(win) > minorOf(stake), table.patience)
      trail.push(markOf(round))
    },
  }

  function chosen(): void {
    set(Number(rows.value), risk.value)
  }

  function set(count: number, of: Risk): void {
    const buckets = pays[count]?.[of] ?? []
    const most = Math.max(...buckets)
    const ways = binomials(count)
    const share = (which: (pay: number) => boolean) =>
      buckets.reduce((sum, pay, bucket) => sum + (which(pay) ? (ways[bucket] ?? 0) : 0), 0) / 2 ** count
    board.set(count, buckets)
    odds.tell({
      most: times(most),
      chance: percent(share((pay) => pay === most)),
      above: percent(share((pay) => pay > 100)),
    })
  }
}
export default open

/** In how many ways a ball reaches each bucket. */
function binomials(rows: number): number[] {
  let ways = [1]
  for (let row = 0; row < rows; row++) ways = [...ways, 0].map((count, bucket) => count + (ways[bucket - 1] ?? 0))
  return ways
}

function markOf({ outcome }: Pick<Round<Outcome>, 'outcome'>) {
  return { text: times(outcome.times), tone: outcome.times > 100 ? 'ahead' : 'behind' }
}
