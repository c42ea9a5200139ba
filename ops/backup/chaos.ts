import type { Check } from './proof.ts'

/** What a chaos drill found, and what it signs: a fault on purpose in the test cluster, and what players and books say of it. */
export type ChaosRecord = {
  what: 'chaos drill'
  at: string
  /** The fault, and a word that proves that it took place. */
  fault: string
  proof: string
  perSecond: number
  /** Seconds since the fault. */
  timeline: Array<{ seconds: number; happened: string }>
  acknowledged: number
  toldToAskAgain: number
  lost: number
  doubled: number
  unanswered: number
  /** The longest time without any acknowledged bet, and what the operator was promised. */
  pauseSeconds: number
  pauseSecondsMax: number
  checks: Check[]
  ok: boolean
}

/** For people. */
export function wordsOfChaos(record: ChaosRecord): string {
  const { at, fault, proof, perSecond, timeline, acknowledged, toldToAskAgain, pauseSeconds, checks } = record
  return `Chaos drill of ${at}: ${fault} (${proof}), at ${perSecond} bets a second.
${timeline.map(({ seconds, happened }) => `  ${seconds.toFixed(1).padStart(6)} s  ${happened}`).join('\n')}
  ${acknowledged} acknowledged, ${record.lost} lost, ${record.doubled} booked twice, ${record.unanswered} never answered
  ${toldToAskAgain} told to ask again · ${pauseSeconds} s without a bet
${checks.map(({ name, ok, firstBad }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}${firstBad ? `: ${firstBad}` : ''}`).join('\n')}
`
}
