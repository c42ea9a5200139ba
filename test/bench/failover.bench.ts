import { type Disaster, disaster, loseEverything } from '../lab/disaster.ts'
import { openLab } from '../lab/lab.ts'
import { type Outcome, run, trials } from '../lab/trials.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { processor } from './machine.ts'

const betsPerSecond = 200

/**
 * Three nodes and two edges in network namespaces of this machine (needs root), people who bet through the edges, and one fault after the other; `--only NAME` for one of
 * them. What was lost or doubled is counted by what players had been told, after healing and settling.
 */
const benchmark: Benchmark = {
  name: 'failover',
  summary: 'a cluster of three nodes loses what it can lose, under 200 bets/s; how long until money moves again',
  seconds: 1,
  rounds: 1,
  async run({ only, rounds, say }) {
    const lab = await openLab({ players: 40, say, archived: true })
    try {
      const figures: Figure[] = []
      for (const trial of trials.filter(({ name }) => only === undefined || name === only)) {
        const outcomes: Outcome[] = []
        for (let round = 0; round < rounds; round++) {
          const outcome = await run(lab, trial, betsPerSecond)
          outcomes.push(outcome)
          say(wordsOf(outcome))
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

function figuresOf({ name, gapSecondsMax, unnoticed }: Outcome['trial'], outcomes: readonly Outcome[]): Figure[] {
  const gaps = outcomes.map(({ account }) => account.gap.seconds).sort((a, b) => a - b)
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const bad = sum(({ lost, doubled, account }) => lost.length + doubled.length + account.unresolved.length)
  return [
    {
      name: `${name}: until money moves again`,
      value: gaps[Math.floor(gaps.length / 2)]!,
      unit: 's',
      bar: `<=${gapSecondsMax}`,
      ...(gaps.length > 1 ? { spread: [gaps[0]!, gaps.at(-1)!] as const } : {}),
    },
    { name: `${name}: lost, doubled or never answered`, value: bad, unit: '', bar: '<=0' },
    {
      name: `${name}: told to ask again`,
      value: sum(({ account }) => account.failures.length),
      unit: `of ${sum(({ account }) => account.acknowledged.size)}`,
      ...(unnoticed ? { bar: '<=0' as const } : {}),
    },
  ]
}

function figuresOfDisaster({ lostSeconds, doubled, restoreSeconds, frozen }: Disaster): Figure[] {
  return [
    { name: `${disaster}: of what was answered, lost at the end`, value: lostSeconds, unit: 's', bar: '<=60' },
    { name: `${disaster}: doubled`, value: doubled, unit: '', bar: '<=0' },
    { name: `${disaster}: money frozen until somebody answers for it`, value: Number(frozen), unit: '', bar: '>=1' },
    { name: `${disaster}: back on a bare folder and proven`, value: restoreSeconds, unit: 's' },
  ]
}

function wordsOf({ trial, proof, timeline, settledSeconds, account }: Outcome): string {
  const led = timeline.map(({ seconds, leads }) => `${leads} leads at ${seconds.toFixed(1)} s`).join(', ')
  const told = [...new Set(account.failures.map(({ said }) => said))].slice(0, 3).join('; ')
  return `${trial.name} (${proof}): ${led}; all as before after ${settledSeconds.toFixed(1)} s${told ? `; players read: ${told}` : ''}`
}
