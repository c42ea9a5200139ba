import { Gauge } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

const monthsAhead = 3
const batch = 1000
const keyDays = 180 // beyond the promise, so that a late repeat is still answered

const proofSound = new Gauge({
  name: 'countroom_ledger_proof_sound',
  help: '1 when the last proof of the books held, 0 when it found a contradiction.',
})
const proofAt = new Gauge({
  name: 'countroom_ledger_proof_timestamp_seconds',
  help: 'When the books were last proven.',
})

/** Every minute what is new is proven; a contradiction is a significant event, and the metric says so until it is gone. */
export const proveLedger: JobDefinition = {
  queue: 'ledger.prove',
  cron: '* * * * *',
  retryMax: 0,
  run: async (host) => proveSince(host, ledger.unprovenSince(await ledger.lastProof(host.sql))),
}

/** Every night all of it. */
export const proveWholeLedger: JobDefinition = {
  queue: 'ledger.prove-whole',
  cron: '30 3 * * *',
  retryMax: 0,
  run: (host) => proveSince(host, ledger.beginning),
}

/** Holds whose end has come are given back. */
export const expireHolds: JobDefinition = {
  queue: 'ledger.expire-holds',
  cron: '* * * * *',
  retryMax: 0,
  run: (host) => untilNone((tx) => ledger.expireHolds(tx, commandAt(host), batch), host),
}

/** Months to come get their tables; keys whose promise is long over are forgotten. */
export const keepLedgerTables: JobDefinition = {
  queue: 'ledger.tables',
  cron: '15 2 * * *',
  async run(host) {
    await transact(host, (tx) => ledger.makePartitions(tx, host.now(), monthsAhead))
    const before = new Date(host.now().getTime() - keyDays * 86_400_000)
    await untilNone((tx) => ledger.expireKeys(tx, before, batch), host)
  },
}

type JobHost = Pick<Host, 'sql' | 'log' | 'now'>
type Work = Parameters<typeof transact<number>>[1]

async function proveSince(host: JobHost, since: Date): Promise<void> {
  const at = host.now()
  const found = (await host.sql.begin('isolation level repeatable read read only', (tx) =>
    ledger.prove(tx, { since, now: at }),
  )) as ledger.Proof
  proofSound.set(found.ok ? 1 : 0)
  proofAt.set(at.getTime() / 1000)
  const bad = found.checks.find((each) => !each.ok)
  if (bad) host.log.error({ check: bad.name, firstBad: bad.firstBad }, 'the books contradict themselves')
  await transact(host, async (tx) => {
    const news = (await ledger.lastProof(tx))?.ok !== false
    await ledger.keepProof(tx, found, at, since)
    if (bad && news)
      await audit.record(tx, commandAt(host), {
        action: 'ledger.proof_failed',
        subject: 'ledger',
        detail: { check: bad.name, firstBad: bad.firstBad ?? '' },
      })
  })
}

async function untilNone(work: Work, host: JobHost): Promise<void> {
  while ((await transact(host, work)) === batch);
}

function commandAt(host: JobHost) {
  return systemCommand('ledger.upkeep', host.now())
}
