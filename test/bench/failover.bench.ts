import { type Disaster, disaster, loseEverything } from '../lab/disaster.ts'
import { openLab } from '../lab/lab.ts'
import { type Outcome, run } from '../lab/run.ts'
import { trials } from '../lab/trials.ts'
import { linesOf } from '../lab/words.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { processor } from './machine.ts'

const betsPerSecond = 200

/**
 * Three nodes and two edges in network namespaces of this machine (needs root), people who bet through the edges, and one fault after the other; `--only NAME` for one of
 * them. What was lost or doubled is counted by what players had been told, after healing and settling. Of several rounds the worst is held against the bar.
 */
const benchmark: Benchmark = {
  name: 'failover',
  summary: 'a cluster of three nodes loses what it can lose, under 200 bets/s; how long until money moves again',
  seconds: 1,
  rounds: 1,
  parts: [...trials.map(({ name }) => name), disaster],
  async run({ only, rounds, say }) {
    const lab = await openLab({ players: 40, say, archived: true })
    try {
      const figures: Figure[] = []
      for (const trial of trials.filter(({ name }) => only === undefined || name === only)) {
        const outcomes: Outcome[] = []
        for (let round = 0; round < rounds; round++) {
          const outcome = await run(lab, trial, betsPerSecond)
          outcomes.push(outcome)
          for (const line of linesOf(outcome)) say(line)
        }
        figures.push(...figuresOf(trial, outcomes))
      }
      if (only === undefined || only === disaster) {
        const left = await loseEverything(lab, betsPerSecond)
        say(`${disaster}: ${left.acknowledged} acknowledged, ${left.lost} of them lost`)
        figures.push(...figuresOfDisaster(left))
      }
      return {
        conditions: { ...processor(), load: `${betsPerSecond} bets/s through the edge, all on this machine` },
        figures,
      }
    } finally {
      await lab.down()
    }
  },
}
export default benchmark

function figuresOf(trial: Outcome['trial'], outcomes: readonly Outcome[]): Figure[] {
  const { name, gapSecondsMax, gapSecondsAim, backSecondsMax, unnoticed, leader } = trial
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const bad = sum(({ lost, doubled, account }) => lost.length + doubled.length + account.unresolved.length)
  const count = (what: string, value: number): Figure => ({ name: `${name}: ${what}`, value, unit: '', bar: '<=0' })
  const seconds = (of: (outcome: Outcome) => number) => outcomes.map(of).sort((a, b) => a - b)
  return [
    {
      ...worst(
        `${name}: until money moves again`,
        's',
        seconds(({ account }) => account.gap.seconds),
      ),
      bar: `<=${gapSecondsMax}`,
      ...(gapSecondsAim === undefined ? {} : { aim: gapSecondsAim }),
    },
    ...(backSecondsMax === undefined
      ? []
      : [
          {
            ...worst(
              `${name}: until the p99 is as before`,
              's',
              seconds(({ latency }) => latency.backSeconds),
            ),
            bar: `<=${backSecondsMax}` as const,
          },
        ]),
    count('lost, doubled or never answered', bad),
    count('books that contradict themselves, or a second writer', sum(contradictions)),
    ...(leader === undefined
      ? []
      : [
          count(
            `the leader ${leader}, and did not`,
            sum((each) => Number(!isLed(each))),
          ),
        ]),
    ...(outcomes.some(({ cutOff }) => cutOff)
      ? [
          count(
            'acknowledged by who was cut off',
            sum(({ cutOff }) => cutOff?.acknowledged.length ?? 0),
          ),
        ]
      : []),
    {
      name: `${name}: told to ask again`,
      value: sum(({ account }) => account.failures.length),
      unit: `of ${sum(({ account }) => account.acknowledged.size)}`,
      ...(unnoticed ? { bar: '<=0' as const } : {}),
    },
  ]
}

/** `values` from the lowest to the highest. */
function worst(name: string, unit: string, values: readonly number[]): Figure {
  const [lowest, highest] = [values[0]!, values.at(-1)!]
  return { name, unit, value: highest, ...(values.length > 1 ? { spread: [lowest, highest] as const } : {}) }
}

function contradictions({ books, secondWriters }: Outcome): number {
  return Number(books !== undefined) + secondWriters.length
}

function isLed({ trial, timelines: [before, after] }: Outcome): boolean {
  return trial.leader === undefined || (trial.leader === 'changes' ? after > before : after === before)
}

function figuresOfDisaster({ lostSeconds, doubled, restoreSeconds, frozen }: Disaster): Figure[] {
  return [
    { name: `${disaster}: of what was answered, lost at the end`, value: lostSeconds, unit: 's', bar: '<=60' },
    { name: `${disaster}: doubled`, value: doubled, unit: '', bar: '<=0' },
    { name: `${disaster}: money frozen until somebody answers for it`, value: Number(frozen), unit: '', bar: '>=1' },
    { name: `${disaster}: back on a bare folder and proven`, value: restoreSeconds, unit: 's' },
  ]
}
