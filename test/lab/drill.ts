import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectKeys } from '#keys'
import { viewHome } from '../../ops/appliance/home.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import { type ChaosRecord, signEvidence } from '../../ops/backup/index.ts'
import type { Lab } from './lab.ts'
import { type Outcome, run } from './run.ts'
import type { Trial } from './trials.ts'

/**
 * Strikes the cluster while people play, and signs what came of it. `home`: of the appliance that signs; the first node of the test cluster, which has a
 * token of its own, where no other is named. Answers the record and the file of the evidence, in the form of `countroom drill`.
 */
export async function drillChaos(
  lab: Lab,
  trial: Trial,
  { perSecond, out, home = lab.nodes[0]!.home }: { perSecond: number; out: string; home?: string },
): Promise<{ record: ChaosRecord; file: string }> {
  const at = new Date()
  const outcome = await run(lab, trial, perSecond)
  const record = recordOf(outcome, at, perSecond, proveBooks(lab))
  const keys = connectKeys({ socket: agentSocket(viewHome(home), 'ops'), deadlineMs: 60_000 })
  try {
    mkdirSync(out, { recursive: true })
    const file = join(out, `chaos-drill-${at.toISOString().replaceAll(/[:.]/g, '')}.json`)
    writeFileSync(file, `${JSON.stringify(await signEvidence(keys, record), null, 2)}\n`)
    return { record, file }
  } finally {
    await keys.close()
  }
}

/** Undefined when the ledger proves, asked at any node, else what contradicts. */
function proveBooks(lab: Lab): string | undefined {
  try {
    lab.nodes[1]!.countroom('verify', 'ledger', '--json')
    return undefined
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string }
    return (stdout || message).slice(0, 400)
  }
}

function recordOf(outcome: Outcome, at: Date, perSecond: number, books: string | undefined): ChaosRecord {
  const { trial, account, lost, doubled, proof, timeline, struckAt, seconds, settledSeconds } = outcome
  const sinceStrike = (ms: number) => (ms - struckAt) / 1000
  const times = [...account.acknowledgedAt.values()].map(sinceStrike).sort((a, b) => a - b)
  const pauses = times.slice(1).map((time, i) => ({ length: time - times[i]!, end: time }))
  const longest = pauses.reduce((most, pause) => (pause.length > most.length ? pause : most), { length: 0, end: 0 })
  const happened = [
    { seconds: 0, happened: trial.name },
    ...timeline.map(({ seconds, leads }) => ({ seconds, happened: `${leads} leads` })),
    { seconds: longest.end, happened: 'bets are acknowledged, after the longest pause' },
    { seconds, happened: 'healing begins' },
    { seconds: settledSeconds, happened: 'all nodes are where they belong' },
  ].sort((a, b) => a.seconds - b.seconds)
  const check = (name: string, bad: string | undefined) => ({
    name,
    ok: bad === undefined,
    ...(bad === undefined ? {} : { firstBad: bad }),
  })
  const pauseSeconds = Math.round(account.gap.seconds * 100) / 100
  const late = pauseSeconds > trial.gapSecondsMax ? `${pauseSeconds} s` : undefined
  const checks = [
    check('nothing that was acknowledged is lost', lost[0]),
    check('nothing is booked twice', doubled[0]),
    check('everything that was asked was answered', account.unresolved[0]),
    check(`bets go on within ${trial.gapSecondsMax} s`, late),
    check('the ledger proves', books),
  ]
  return {
    what: 'chaos drill',
    at: at.toISOString(),
    fault: trial.name,
    proof,
    perSecond,
    timeline: happened,
    acknowledged: account.acknowledged.size,
    toldToAskAgain: account.failures.length,
    lost: lost.length,
    doubled: doubled.length,
    unanswered: account.unresolved.length,
    pauseSeconds,
    pauseSecondsMax: trial.gapSecondsMax,
    checks,
    ok: checks.every(({ ok }) => ok),
  }
}
