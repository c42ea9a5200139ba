import { constants } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Gauge } from 'prom-client'
import { z } from 'zod'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { openDatabase, type Sql } from './database.ts'
import type { OpenHost } from './open-host.ts'

/**
 * Holds the database to what it acknowledged. A fault of what is below us, two primaries or a disk that lied, can take back
 * commits that were answered; nobody but us would notice, since books that lack their end are sound in themselves. So this process
 * remembers the newest batch of each lane's chain, with its digest, on its own disk, and the last transfers it answered in memory; whenever a
 * connection was lost, and four times a second, it looks for them. What is missing, or another, stops all money until somebody
 * lifts it, and is kept as evidence.
 *
 * The gap: what was booked within the last quarter of a second, and answered by nobody who still runs.
 */
export type Continuity = {
  /** Resolves when the books are known to hold what was seen, since the last connection was lost. @throws Refusal `ledger.frozen`, or what the database says */
  sure(): Promise<void> | undefined
  /** Remembers a transfer that is about to be answered, by the lane that booked it. */
  answered(lane: number, receipt: ledger.Receipt): void
  close(): Promise<void>
}

type ContinuityHost = Pick<OpenHost, 'database' | 'log' | 'now' | 'whenLost'> & {
  config: Pick<OpenHost['config'], 'name' | 'home'>
}
type State = 'sound' | 'doubtful' | 'frozen'

const lookMs = 250
/** An idle casino says so often that it still looks: whoever reads what is kept, after its end, knows how old it is (`ops/backup/memories.ts`). */
const keptMsMax = 1000
const closeMsMax = 2000
const kept = z.strictObject({
  at: z.coerce.date(),
  /** This process ended in order, and nothing was answered after its last look. */
  ended: z.boolean().optional(),
  heads: z.array(z.strictObject({ lane: z.int(), batch: z.coerce.bigint(), digest: z.string() })),
})

const frozen = new Gauge({
  name: 'countroom_ledger_frozen',
  help: '1 while no money is moved, because the books lack what this process saw in them, or another did.',
})
const marked = new Gauge({
  name: 'countroom_ledger_continuity_timestamp_seconds',
  help: 'When the books last held everything this process had seen in them.',
})

/** Looks before anything is booked. @throws Error when what was seen before cannot be read, or nothing can be kept */
export async function openContinuity(host: ContinuityHost): Promise<Continuity> {
  const { name } = host.config
  const dir = join(host.config.home, 'continuity', name)
  const sql: Sql = openDatabase({ ...host.database, poolMax: 1, name: `${name} continuity` })
  await mkdir(dir, { recursive: true })
  const file = join(dir, 'heads.json')
  let { at: seenAt, heads: marks } = await readKept(file)
  const receipts = new Map<number, ledger.Receipt>()
  let state: State = 'doubtful'
  let looking: Promise<void> | undefined
  let losses = 0
  let writtenMs = 0
  host.whenLost(() => {
    losses++
    if (state === 'sound') state = 'doubtful'
  })
  await look()
  const timer = setInterval(() => {
    look().catch((error: unknown) => host.log.warn({ err: error }, 'what was seen in the books cannot be looked for'))
  }, lookMs)
  timer.unref()

  return {
    sure: () => (state === 'sound' ? undefined : certain()),
    answered(lane, receipt) {
      receipts.set(lane, receipt)
    },
    async close() {
      clearInterval(timer)
      await Promise.race([end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, closeMsMax))])
      await sql.end({ timeout: 5 })
    },
  }

  /** A last look, when nobody is answered any more; without one, what is kept stays as it is. */
  async function end(): Promise<void> {
    await looking
    await look()
    if (state === 'sound') await write(file, { at: seenAt, ended: true, heads: marks })
  }

  async function certain(): Promise<void> {
    await look()
    if (state === 'doubtful') return certain() // another connection was lost meanwhile
    if (state === 'frozen') throw ledger.moneyFrozen()
  }

  function look(): Promise<void> {
    looking ??= compare().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function compare(): Promise<void> {
    const before = losses
    const answered = [...receipts]
    const found = await ledger.compareHeads(
      sql,
      marks,
      answered.map(([, receipt]) => receipt),
    )
    const stands = found.freeze && !found.freeze.liftedAt
    const answeredFor = found.freeze?.liftedAt && found.freeze.liftedAt > seenAt
    if (!stands && !answeredFor && found.breaks.length > 0) await stop(found.breaks)
    else if (!stands) await keep(found.heads, answered)
    state = stands || (!answeredFor && found.breaks.length > 0) ? 'frozen' : losses === before ? 'sound' : 'doubtful'
    frozen.set(state === 'frozen' ? 1 : 0)
  }

  /** Whatever was seen is there; what is seen now is looked for from now on. */
  async function keep(heads: ledger.Head[], answered: ReadonlyArray<readonly [number, ledger.Receipt]>): Promise<void> {
    const news = heads.some(({ lane, digest }) => marks.find((mark) => mark.lane === lane)?.digest !== digest)
    for (const [lane, receipt] of answered) if (receipts.get(lane) === receipt) receipts.delete(lane)
    marks = heads
    seenAt = host.now()
    marked.set(seenAt.getTime() / 1000)
    if (!news && seenAt.getTime() - writtenMs < keptMsMax) return
    await write(file, { at: seenAt, heads })
    writtenMs = seenAt.getTime()
  }

  /** On this disk first, since the database is what is in doubt. */
  async function stop(breaks: ledger.Break[]): Promise<void> {
    const at = host.now()
    const server = await serverOf(sql)
    const evidence = { process: name, seenAt, server, breaks, seen: marks }
    await write(join(dir, `evidence-${at.getTime()}.json`), evidence)
    host.log.fatal(
      { breaks: breaks.length, server, evidence: dir },
      'the books lack what was seen in them: money is frozen',
    )
    const detail = { process: name, breaks: breaks.length, timeline: server.timeline, first: textOf(breaks[0]!) }
    await sql.begin(async (tx) => {
      const plain = JSON.parse(textOf(evidence)) as unknown
      if (await ledger.freeze(tx, { at, by: name, evidence: plain }))
        await audit.record(tx, systemCommand(name, at), { action: 'ledger.frozen', subject: 'ledger', detail })
    })
  }
}

async function readKept(file: string): Promise<Omit<z.infer<typeof kept>, 'ended'>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? { at: new Date(0), heads: [] } : kept.parse(JSON.parse(text))
}

/** Each write is on the disk when it returns; a process under Node's permissions may not ask for that afterwards. */
const throughToDisk = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_DSYNC

/** Whole or as it was before. */
async function write(file: string, content: unknown): Promise<void> {
  const fresh = `${file}.new`
  const handle = await open(fresh, throughToDisk, 0o600)
  try {
    await handle.writeFile(textOf(content))
  } finally {
    await handle.close()
  }
  await rename(fresh, file)
}

function textOf(content: unknown): string {
  return JSON.stringify(content, (_, value) => (typeof value === 'bigint' ? value.toString() : (value as unknown)))
}

/** Which server answers: its timeline tells of promotions, its identifier of another cluster. */
async function serverOf(sql: Sql): Promise<{ timeline: string; started: Date; address: string }> {
  const [row] = await sql<Array<{ timeline: string; started: Date; address: string }>>`
    select case when pg_is_in_recovery() then 'in recovery' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end as timeline,
      pg_postmaster_start_time() as started, coalesce(host(inet_server_addr()), 'a socket') as address`
  return row!
}
