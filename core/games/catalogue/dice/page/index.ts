import { make } from '../../../../host/web/browser/elements.ts'
import { drawOdds, percent, times } from '../../../../host/web/browser/odds.ts'
import type { Open, Round } from '../../../../host/web/browser/scene.ts'
import { drawSegments } from '../../../../host/web/browser/segments.ts'
import { sound } from '../../../../host/web/browser/sound.ts'
import { drawStake } from '../../../../host/web/browser/stake.ts'
import { drawStepper } from '../../../../host/web/browser/stepper.ts'
import { drawTrail } from '../../../../host/web/browser/trail.ts'
import { drawDie } from './die.ts'
import { type Bet, drawRail, type Side } from './rail.ts'

type Sheet = { rolls: number; pays: Array<{ chance: number; times: number; step: number }> }
type Outcome = { roll: number; won: boolean }

const rollMs = 900
const staggerMs = 160
const firstChance = 4950

/** Four ten-sided dice make one number; a rail shows which numbers win. */
const open: Open<Sheet, Outcome> = (table) => {
  const { sheet } = table.facts
  let at = sheet.pays.findIndex(({ chance }) => chance === firstChance)

  const stake = drawStake(table as never)
  const side = drawSegments<Side>(
    'Roll',
    [
      ['under', 'Under'],
      ['over', 'Over'],
    ],
    'under',
    chosen,
  )
  const chance = drawStepper('Chance', 'chance', step)
  const rail = drawRail(sheet.rolls, { slide, step })
  const odds = drawOdds({ wins: 'Wins on', pays: 'Pays', profit: 'Profit on a win' })
  const dice = (['whole', 'whole', 'part', 'part'] as const).map(drawDie)
  const trail = drawTrail('Rolls of the last rounds, newest first', table.latest.map(markOf))
  const tray = make(
    'div',
    { class: 'tray' },
    trail.element,
    make(
      'div',
      { class: 'throw', 'aria-hidden': 'true' },
      ...dice.slice(0, 2).map(({ element }) => element),
      make('b', {}, '.'),
      ...dice.slice(2).map(({ element }) => element),
    ),
    rail.element,
  )
  table.stage.append(tray, table.result, make('div', { class: 'choices' }, side.element, chance.element, odds.element))
  table.controls.append(stake.element)
  stake.onChange(tell)
  chosen()

  return {
    verbs: { play: 'Roll', hurry: 'Skip' },
    invitation: 'Choose your chance, then roll.',
    choice: () => ({ stake: stake.amount, ...bet() }),
    words: ({ outcome }) => `Rolled ${rollWords(outcome.roll)}`,
    paint(state) {
      const free = state === 'ready'
      stake.paint(free)
      side.paint(free)
      rail.paint(free)
      paintChance(free)
    },
    async show(round) {
      const { roll, won } = round.outcome
      const played = (round.choice as Bet | undefined) ?? bet()
      rail.aim(played, aimWords(played))
      rail.clear()
      delete tray.dataset.end
      table.say('The dice roll …')
      const digits = String(roll).padStart(dice.length, '0')
      await Promise.all(
        dice.map((die, index) => die.roll(Number(digits[index]), rollMs + index * staggerMs, table.patience)),
      )
      await rail.mark(roll, rollWords(roll), won, table.patience)
      sound('land')
      tray.dataset.end = won ? 'won' : 'lost'
      trail.push(markOf(round))
    },
  }

  function bet(): Bet {
    return { chance: offered().chance, side: side.value }
  }

  function offered() {
    return sheet.pays[at] as Sheet['pays'][number]
  }

  function step(by: 1 | -1): void {
    at = Math.max(0, Math.min(sheet.pays.length - 1, at + by))
    chosen()
  }

  /** The rail is even, the chances that are offered are not: the nearest one counts. */
  function slide(wanted: number): void {
    const far = sheet.pays.map(({ chance }) => Math.abs(chance - wanted))
    at = far.indexOf(Math.min(...far))
    chosen()
  }

  function chosen(): void {
    stake.goBy(BigInt(offered().step))
    rail.aim(bet(), aimWords(bet()))
    rail.clear()
    delete tray.dataset.end
    paintChance(true)
    tell()
  }

  function paintChance(free: boolean): void {
    const may = { less: free && at > 0, more: free && at < sheet.pays.length - 1 }
    chance.paint(percent(offered().chance / sheet.rolls), may)
  }

  function tell(): void {
    const { chance, times: pays } = offered()
    const { value } = stake
    odds.tell({
      wins: side.value === 'under' ? `00.00 – ${rollWords(chance - 1)}` : `${rollWords(sheet.rolls - chance)} – 99.99`,
      pays: times(pays),
      profit: table.show((value * BigInt(pays)) / 100n - value),
    })
  }

  function aimWords({ chance, side }: Bet): string {
    return `${percent(chance / sheet.rolls)}, roll ${side} ${rollWords(side === 'under' ? chance : sheet.rolls - chance - 1)}`
  }
}
export default open

/** 4731 is said 47.31. */
function rollWords(roll: number): string {
  return (roll / 100).toFixed(2).padStart(5, '0')
}

function markOf({ outcome }: Pick<Round<Outcome>, 'outcome'>) {
  return { text: rollWords(outcome.roll), tone: outcome.won ? 'won' : 'lost' }
}
