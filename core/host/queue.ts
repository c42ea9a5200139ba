import { type ConstructorOptions, PgBoss } from 'pg-boss'
import { type Job, systemCommand, type Tx } from '#base'
import type { DatabaseAddress, Sql } from './database.ts'
import type { Host } from './host.ts'
import { type Incidents, openIncidents } from './incidents.ts'
import { problemOf } from './refusals.ts'

/** A job's queue and its one line of body. The engine retries what throws, with backoff; a job must bear it. */
export type JobDefinition = {
  readonly queue: string
  /** Attempts after the first; default 10. */
  readonly retryMax?: number
  /** So many at a time, each for itself; default 1. */
  readonly atOnce?: number
  /** Also run on a schedule, in cron's words. */
  readonly cron?: string
  run(host: Host, data: Record<string, string>): Promise<void>
}

const schema = 'pgboss'

/** Makes the engine's own schema and the queues; part of bringing a database up to the code, as its owner. */
export async function installQueue(
  owner: Sql,
  address: DatabaseAddress,
  definitions: readonly JobDefinition[],
): Promise<void> {
  await owner.unsafe(`
    create schema if not exists ${schema};
    grant usage on schema ${schema} to countroom_app;
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to countroom_app;
    alter default privileges in schema ${schema} grant usage, select on sequences to countroom_app;
    alter default privileges in schema ${schema} grant execute on functions to countroom_app;`)
  const boss = new PgBoss({ ...connection(address), supervise: false, schedule: false, createSchema: false })
  boss.on('error', () => {})
  await boss.start()
  for (const definition of definitions) {
    const settings = { retryLimit: definition.retryMax ?? 10, retryDelay: 1, retryBackoff: true, retryDelayMax: 300 }
    if (await boss.getQueue(definition.queue)) await boss.updateQueue(definition.queue, settings)
    else await boss.createQueue(definition.queue, settings)
    if (definition.cron) await boss.schedule(definition.queue, definition.cron)
  }
  await boss.stop({ graceful: false })
}

export type Queue = {
  /** Writes a job row in the caller's transaction. */
  enqueue(tx: Tx, job: Job): Promise<void>
  /** Takes jobs until closed; what a job throws is logged once and tried again. */
  work(host: Host, definitions: readonly JobDefinition[]): Promise<void>
  close(): Promise<void>
}

export async function openQueue(
  address: DatabaseAddress,
  role: 'sends' | 'works',
  log: { error(detail: object, message: string): void },
): Promise<Queue> {
  const works = role === 'works'
  const boss = new PgBoss({ ...connection(address), migrate: false, supervise: works, schedule: works })
  boss.on('error', (error: Error) => log.error({ reason: error.message }, 'job engine'))
  await boss.start()
  return {
    async enqueue(tx, job) {
      await boss.send(job.queue, job.data, {
        ...(job.startAfter ? { startAfter: job.startAfter } : {}),
        ...(job.onceKey ? { singletonKey: job.onceKey } : {}),
        db: {
          executeSql: async (text: string, values: unknown[] = []) => ({
            rows: await tx.unsafe(text, values as never[]),
          }),
        },
      })
    },
    async work(host, definitions) {
      const incidents = openIncidents(host)
      for (const definition of definitions)
        await boss.work<Record<string, string>>(
          definition.queue,
          { pollingIntervalSeconds: 0.5, batchSize: definition.atOnce ?? 1 },
          async (jobs) => {
            const ran = await Promise.allSettled(jobs.map((job) => runJob(host, incidents, definition, job)))
            const failed = ran.find((each) => each.status === 'rejected')
            if (failed) throw failed.reason
          },
        )
    },
    close: () => boss.stop({ graceful: true, timeout: 10_000 }),
  }
}

async function runJob(
  host: Host,
  incidents: Incidents,
  definition: JobDefinition,
  job: { id: string; data: Record<string, string> },
): Promise<void> {
  const run = () => definition.run(host, job.data ?? {})
  try {
    await (host.tracing ? host.tracing.job(definition.queue, run) : run())
  } catch (error) {
    host.log.error({ queue: definition.queue, job: job.id, err: error }, 'job failed; it will be tried again')
    const command = systemCommand(definition.queue, host.now())
    await incidents.note(command, { where: `job ${definition.queue}`, error, problem: problemOf(error, '') })
    throw error
  }
}

function connection(address: DatabaseAddress): ConstructorOptions {
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: address.password,
    ...(address.tls ? { ssl: address.tls() } : {}),
    ...(address.socket ? { stream: address.socket } : {}),
    max: 3,
    schema,
    application_name: `${address.name ?? 'countroom'}-jobs`,
  }
}
