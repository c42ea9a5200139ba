import { make } from '../../../../host/web/browser/elements.ts'
import { drawOdds, percent, times } from '../../../../host/web/browser/odds.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { sound } from '../../../../host/web/browser/sound.ts'
import { drawStake, stepOf } from '../../../../host/web/browser/stake.ts'
import { drawTrail } from '../../../../host/web/browser/trail.ts'
import { drawSky } from './sky.ts'
import { drawTarget } from './target.ts'

/** Of `range` draws `share` divided by the target reach it; targets are hundredths of the stake. */
type Sheet = { range: number; share: number; targetMin: number; targetMax: number }
type Outcome = { reached: number; won: boolean }

const firstTarget = 200

/** A lantern rises over the hills, to a height that is drawn; what is named and reached is paid. */
const open: Open<Sheet, Outcome> = (table) => {
  const { range, share, targetMin, targetMax } = table.facts.sheet
  const stake = drawStake(table as never)
  const target = drawTarget({ min: targetMin, max: targetMax }, firstTarget, chosen)
  const sky = drawSky()
  const odds = drawOdds({ chance: 'Chance', pays: 'Pays', profit: 'Profit on a win' })
  const trail = drawTrail('Heights of the last rounds, newest first', table.latest.map(markOf))
  const view = make('div', { class: 'view' }, sky.element, trail.element)
  table.stage.append(view, table.result, make('div', { class: 'choices' }, target.element, odds.element))
  table.controls.append(stake.element)
  stake.onChange(tell)
  chosen()

  return {
    verbs: { play: 'Let go', hurry: 'Skip' },
    invitation: 'Name a height, then let the lantern go.',
    choice: () =>
      target.value === undefined
        ? `A target is ${(targetMin / 100).toFixed(2)} to ${(targetMax / 100).toFixed(2)}.`
        : { stake: stake.amount, target: target.value },
    words: ({ outcome }) => `Reached ${times(outcome.reached)}`,
    paint(state) {
      stake.paint(state === 'ready')
      target.paint(state === 'ready')
    },
    async show(round) {
      const { reached, won } = round.outcome
      sky.aim(Number(round.choice?.target ?? target.value))
      table.say('It rises …')
      await sky.rise(reached, won, table.patience)
      sound('land')
      trail.push(markOf(round))
    },
  }

  function chosen(): void {
    if (target.value !== undefined) {
      stake.goBy(stepOf(target.value))
      sky.aim(target.value)
    }
    tell()
  }

  function tell(): void {
    const { value } = target
    odds.tell(
      value === undefined
        ? { chance: '–', pays: '–', profit: '–' }
        : {
            chance: percent(Math.floor(share / value) / range),
            pays: times(value),
            profit: table.show((stake.value * BigInt(value)) / 100n - stake.value),
          },
    )
  }
}
export default open

function markOf({ outcome }: Pick<Round<Outcome>, 'outcome'>) {
  return { text: times(outcome.reached), tone: outcome.won ? 'won' : 'lost' }
}
