import { Counter, Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { canonical, type Reader, Refusal, systemCommand } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import * as licences from '#licences'
import type { Host } from './host.ts'
import { tellFault } from './log-proof.ts'

export type Sealer = { stop(): Promise<void> }
type SealerHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now' | 'config'>

/** So much becomes leaves in one transaction; what is more waits for the next, which follows at once. */
const eventsMax = 2000
const transfersMax = 5000
const none = Buffer.alloc(0)
const sealerName = 'audit.sealer'

const brokenGauge = new Gauge({
  name: 'countroom_audit_log_broken',
  help: '1 while what is kept of the audit log is not what was signed: this worker signs nothing more.',
})
const failures = new Counter({
  name: 'countroom_audit_sealing_failures_total',
  help: 'Sealings that failed, by why: broken (the log is not what was signed), failed (an engine is away).',
  labelNames: ['why'],
})

/**
 * Seals what waits, every second or so: events, and the batches that the ledger booked meanwhile. Of several workers one does
 * it at a time. Nobody who writes waits for it; what it has not reached yet is not protected yet, and a metric says how old that is.
 */
export function startSealer(host: SealerHost): Sealer {
  observeLog(host)
  let timer: NodeJS.Timeout | undefined
  let complaint = ''
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const next = () => {
    if (!stopped) timer = setTimeout(() => (running = run()), host.config.audit.sealMs)
  }
  async function run(): Promise<void> {
    try {
      while (!stopped && (await sealOnce(host)));
      complaint = ''
      brokenGauge.set(0)
    } catch (error) {
      const broken = error instanceof audit.BrokenLog || isRewound(error)
      failures.inc({ why: broken ? 'broken' : 'failed' })
      brokenGauge.set(broken ? 1 : 0)
      const said = (error as Error).message
      const news = said !== complaint // each second the same is none
      if (broken)
        await tellFault(host, { by: sealerName, subject: 'log', firstBad: said }).catch((error: Error) => {
          if (news)
            host.log.error({ err: error }, 'the fault of the log could not be written down; it will be tried again')
        })
      if (news)
        host.log.error(
          { err: error },
          broken ? 'the log is not what was signed' : 'sealing failed; it will be tried again',
        )
      complaint = said
    }
    next()
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/** The key agent remembers another log than the database has. */
function isRewound(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'keys.log_rewound'
}

/** One transaction of the sealer; true when more waits. */
export async function sealOnce(host: Pick<SealerHost, 'sql' | 'keys' | 'now' | 'config'>): Promise<boolean> {
  return (await host.sql.begin(async (tx) => {
    if (!(await audit.beginSealing(tx))) return false
    const batches = await ledger.batchesAfter(tx, await audit.sealedLanes(tx), transfersMax)
    if (batches.length === 0 && !(await audit.hasUnsealed(tx))) return false
    if (batches.length > 0) await ledger.summarise(tx, ['ledger', 'games'])
    const sealed = await audit.seal(
      tx,
      { ...systemCommand(sealerName, host.now()), keys: host.keys },
      { origin: host.config.audit.origin, batches: await batchLeaves(tx, batches), eventsMax },
    )
    for (const event of sealed.lost) {
      failures.inc({ why: 'broken' })
      const firstBad = `event ${event} was taken out before it was sealed`
      await tellFault(host, { by: sealerName, subject: event, firstBad })
    }
    return sealed.events === eventsMax || batches.reduce((sum, { transfers }) => sum + transfers, 0) > transfersMax / 2
  })) as boolean
}

/**
 * Each batch as the entry of a leaf: which, when, its digest in the chain of its lane, and the root of a tree of its own over its
 * rows; so one row can be shown to be in it, and the others stay unseen.
 */
async function batchLeaves(reader: Reader, batches: readonly ledger.Batch[]): Promise<audit.BatchLeaf[]> {
  const hashes = new Map((await games.batchHashes(reader, batches)).map((each) => [`${each.lane}/${each.batch}`, each]))
  return batches.map((batch) => {
    const { keys, rows } = hashes.get(`${batch.lane}/${batch.batch}`) ?? { keys: none, rows: none }
    return { lane: batch.lane, batch: batch.batch, at: batch.at, entry: entryOf(batch, rows), keys, rows }
  })
}

/** The bytes of a batch's leaf, from the hashes of its rows. */
export function entryOf({ lane, batch, at, digest }: ledger.Batch, rows: Buffer): string {
  const root = audit.rootOfHashes(rows).toString('hex')
  const count = rows.length / audit.hashBytes
  return canonical({ kind: 'batch', lane, batch, at, digest: digest.toString('hex'), rows: count, root })
}

/** What metrics tell is in the database: any worker may have sealed last. */
function observeLog({ sql, config }: Pick<SealerHost, 'sql' | 'config'>): void {
  if (register.getSingleMetric('countroom_audit_log_size')) return
  const observe = (name: string, help: string, read: () => Promise<number | undefined>) =>
    new Gauge({
      name,
      help,
      async collect() {
        const value = await read().catch(() => undefined)
        if (value === undefined) this.remove()
        else this.set(value)
      },
    })
  observe('countroom_audit_log_size', 'Leaves of the audit log under the newest checkpoint.', async () => {
    return (await audit.keptCheckpoint(sql))?.size
  })
  observe(
    'countroom_audit_proof_sound',
    '1 while the log stands proven, 0 from the first fault that anything found in it until a proof of the whole finds none.',
    async () => {
      const last = await audit.lastVerdict(sql)
      return last && (last.ok ? 1 : 0)
    },
  )
  observe(
    'countroom_audit_unsealed_age_seconds',
    'How long the oldest event has waited that is no leaf of the log yet; 0 when none waits.',
    async () => audit.unsealedSeconds(sql),
  )
  if (config.audit.archived)
    observe(
      'countroom_audit_archive_overdue_days',
      'For how many days the oldest entry of the log has been past the licence’s years, where archiving goes by itself.',
      async () => audit.archiveOverdueDays(sql, (await licences.rules(sql)).auditMonthsKept),
    )
}
