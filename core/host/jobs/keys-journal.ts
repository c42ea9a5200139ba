import { hostname } from 'node:os'
import { Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as keys from '#keys'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now'> & { config: { keys: { socket: string } } }

/**
 * Every minute the key agent's own journal is told to the audit log, line by line and each line once; a journal that was
 * cut, changed or replaced is an alarm.
 */
export const shipKeysJournal: JobDefinition = {
  queue: 'keys.journal',
  cron: '* * * * *',
  retryMax: 0,
  run: (host) => shipJournal(host),
}

export async function shipJournal(host: JobHost): Promise<void> {
  observeJournals(host)
  const node = `${hostname()}:${host.config.keys.socket}`
  for (let more = true; more; ) more = await transact(host, (tx) => shipSome(tx, host, node))
}

async function shipSome(
  tx: Parameters<Parameters<typeof transact>[1]>[0],
  host: JobHost,
  node: string,
): Promise<boolean> {
  // Workers of one machine share an agent; of two that read the same lines one waits and then finds them told.
  await tx`select pg_advisory_xact_lock(hashtext('keys.journal'))`
  const news = await keys.readJournal(tx, host.keys, node, host.now())
  const command = systemCommand('keys.journal', host.now())
  if (news.broken) {
    const { number, why } = news.broken
    host.log.error({ number, why }, 'the journal of the key agent is broken')
    await audit.record(tx, command, {
      action: 'keys.journal_broken',
      subject: 'keys',
      detail: { number: String(number), firstBad: why },
    })
  }
  for (const { number, role, operation, key, outcome, hash, at } of news.lines)
    await audit.record(tx, command, {
      action: 'keys.journal',
      subject: key === '' ? 'keys' : key,
      detail: { number: String(number), operation, key, role, outcome, hash, at },
    })
  await keys.noteShipped(tx, node, news, host.now())
  return news.lines.length > 0 && !news.broken
}

const shippedMetric = 'countroom_keys_journal_shipped_timestamp_seconds'

function observeJournals({ sql }: JobHost): void {
  if (register.getSingleMetric(shippedMetric)) return
  const observe = (name: string, help: string, read: (of: keys.Shipped) => Date | null) =>
    new Gauge({
      name,
      help,
      async collect() {
        this.reset()
        const times = (await keys.shippedJournals(sql).catch(() => [])).map((each) => read(each)?.getTime() ?? 0)
        if (times.length > 0) this.set(Math.max(...times) / 1000)
      },
    })
  observe(
    shippedMetric,
    'When a journal of a key agent was last read to its end and told.',
    ({ shippedAt }) => shippedAt,
  )
  observe(
    'countroom_keys_journal_broken_timestamp_seconds',
    'When a journal of a key agent was last found cut, changed or replaced; 0 for never.',
    ({ brokenAt }) => brokenAt,
  )
}
