import { Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { type Reader, systemCommand } from '#base'
import * as ledger from '#ledger'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

const monthsAhead = 3
const batch = 1000
const holdBatch = 50 // their wallets are locked together
const proofSound = 'countroom_ledger_proof_sound'
const keyDays = 180 // beyond the promise, so that a late repeat is still answered

/**
 * Every minute what is new is proven; a contradiction is a significant event. From then on all of it is proven every minute,
 * and the metric says so, until it is gone.
 */
export const proveLedger: JobDefinition = {
  queue: 'ledger.prove',
  cron: '* * * * *',
  retryMax: 0,
  run: async (host) => proveSince(host, ledger.unprovenSince(await ledger.lastProof(host.sql))),
}

/** Every night all of it: what was spoilt and is older than the last proof is found here. */
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
  run: (host) => untilNone((tx) => ledger.expireHolds(tx, commandAt(host), holdBatch), host, holdBatch),
}

/**
 * Months to come get their tables, months long past are detached into tables of their own, and keys whose promise is long
 * over are forgotten.
 */
export const keepLedgerTables: JobDefinition = {
  queue: 'ledger.tables',
  cron: '15 2 * * *',
  async run(host) {
    const before = new Date(host.now().getTime() - keyDays * 86_400_000)
    await untilNone((tx) => ledger.expireKeys(tx, before, batch), host, batch)
    await transact(host, (tx) => ledger.makePartitions(tx, host.now(), monthsAhead))
    for (const month of await ledger.monthsPast(host.sql, host.now(), host.config.ledger.monthsAttached))
      await transact(host, async (tx) => {
        const table = await ledger.detachMonth(tx, month)
        await audit.record(tx, commandAt(host), {
          action: 'ledger.month_detached',
          subject: 'ledger',
          detail: { month, table },
        })
      })
    await transact(host, ledger.refreshStatistics)
  },
}

type JobHost = Pick<Host, 'sql' | 'log' | 'now'>
type Work = Parameters<typeof transact<number>>[1]

async function proveSince(host: JobHost, since: Date): Promise<void> {
  observeProofs(host)
  const at = host.now()
  const found = (await host.sql.begin('isolation level repeatable read read only', async (tx) =>
    (await isOnly(tx)) ? ledger.prove(tx, { since, now: at }) : undefined,
  )) as ledger.Proof | undefined
  if (!found) return
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

/** One proof at a time: while a long one runs, those that come due meanwhile are left out, not piled up. */
async function isOnly(tx: Reader): Promise<boolean> {
  const [row] = await tx<Array<{ only: boolean }>>`select pg_try_advisory_xact_lock(hashtext('ledger.prove')) as only`
  return row?.only ?? false
}

/**
 * Metrics tell what is kept, not what this worker last did: of several workers any may have proven last. Before the first
 * proof there is nothing to tell, and where the database does not answer there is none; both are alarms of their own.
 */
function observeProofs({ sql }: JobHost): void {
  if (register.getSingleMetric(proofSound)) return
  const observe = (name: string, help: string, read: (last: ledger.KeptProof) => number) =>
    new Gauge({
      name,
      help,
      async collect() {
        const last = await ledger.lastProof(sql).catch(() => undefined)
        if (last) this.set(read(last))
        else this.remove()
      },
    })
  observe(
    proofSound,
    '1 while the books stand proven, 0 from a proof that found a contradiction until a whole proof finds none.',
    ({ ok }) => (ok ? 1 : 0),
  )
  observe(
    'countroom_ledger_proof_timestamp_seconds',
    'When the books were last proven, sound or not.',
    ({ at }) => at.getTime() / 1000,
  )
}

async function untilNone(work: Work, host: JobHost, countMax: number): Promise<void> {
  while ((await transact(host, work)) === countMax);
}

function commandAt(host: JobHost) {
  return systemCommand('ledger.upkeep', host.now())
}
