import { wordsOfLatency } from './latency.ts'
import type { Outcome } from './run.ts'

/** What was seen of a trial, for people. */
export function linesOf(outcome: Outcome): string[] {
  const { trial, proof, account, lost, doubled, timeline, timelines, latency, settledSeconds, cutOff, books } = outcome
  const { acknowledged, failures, gap } = account
  const told = [...new Set(failures.map(({ said }) => said))].slice(0, 3).join('; ')
  const led = timeline.map(({ seconds, leads }) => `${leads} leads at ${seconds.toFixed(1)} s`).join(', ')
  return [
    `${trial.name} (${proof}):`,
    `  ${acknowledged.size} acknowledged, ${lost.length} lost, ${doubled.length} doubled, ${account.unresolved.length} never answered; ${failures.length} told to ask again${told ? ` (${told})` : ''}`,
    `  ${gap.seconds.toFixed(1)} s without an answer; ${led}; timeline ${timelines.join(' then ')}; all as before after ${settledSeconds.toFixed(1)} s`,
    `  ${wordsOfLatency(latency)}`,
    ...(cutOff
      ? [`  at the machine that was cut off ${cutOff.asked} asked, ${cutOff.acknowledged.length} acknowledged`]
      : []),
    ...(outcome.secondWriters.length > 0
      ? [`  SECOND WRITER: ${JSON.stringify(outcome.secondWriters.slice(0, 3))}`]
      : []),
    ...(books === undefined ? [] : [`  THE BOOKS: ${books}`]),
  ]
}
