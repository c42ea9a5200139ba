import { Gauge, register } from 'prom-client'
import * as audit from '#audit'
import type { Host } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

type JobHost = Pick<Host, 'sql' | 'now'>

/**
 * What the database knows of backups and of the archive of its log, told when the worker is scraped. The backups are made beside the processes
 * (`ops/backup`), which write down what came of them; so that nothing was made tells itself.
 */
export const watchBackups: JobDefinition = {
  queue: 'backup.watch',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    if (register.getSingleMetric(writtenMetric) === undefined) observe(host)
  },
}

const writtenMetric = 'countroom_backup_timestamp_seconds'

function observe(host: JobHost): void {
  new Gauge({
    name: writtenMetric,
    help: 'When data were last backed up; 0 for never.',
    collect: tell((host) => at(host, 'backup.written')),
  })
  new Gauge({
    name: 'countroom_backup_failed_timestamp_seconds',
    help: 'When a backup of data last failed; 0 for never.',
    collect: tell((host) => at(host, 'backup.failed')),
  })
  new Gauge({
    name: 'countroom_backup_bytes',
    help: 'How large the data were in the last backup.',
    collect: tell((host) => detail(host, 'backup.written', 'bytes')),
  })
  new Gauge({
    name: 'countroom_drill_timestamp_seconds',
    help: 'When a backup was last restored beside production and proven; 0 for never.',
    collect: tell((host) => at(host, 'drill.passed')),
  })
  new Gauge({
    name: 'countroom_drill_failed_timestamp_seconds',
    help: 'When a backup last did not come back; 0 for never.',
    collect: tell((host) => at(host, 'drill.failed')),
  })
  new Gauge({
    name: 'countroom_drill_rto_seconds',
    help: 'How long the last drill took from the first file to the last proof.',
    collect: tell((host) => detail(host, 'drill.passed', 'rtoSeconds')),
  })
  new Gauge({
    name: 'countroom_drill_rpo_seconds',
    help: 'How old the last transaction was that came back in the last drill.',
    collect: tell((host) => detail(host, 'drill.passed', 'rpoSeconds')),
  })
  new Gauge({
    name: 'countroom_wal_archive_timestamp_seconds',
    help: 'When everything but the segment being written was last in the archive of the log.',
    collect: tell(archivedAt),
  })

  function tell(look: (host: JobHost) => Promise<number | undefined>) {
    return async function collect(this: Gauge) {
      const value = await look(host).catch(() => undefined)
      if (value === undefined) this.remove()
      else this.set(value)
    }
  }
}

async function last(host: JobHost, code: audit.Code): Promise<audit.AuditEvent | undefined> {
  return (await audit.search(host.sql, { code, limit: 1 }))[0]
}

async function at(host: JobHost, code: audit.Code): Promise<number> {
  const event = await last(host, code)
  return event ? Date.parse(event.at) / 1000 : 0
}

async function detail(host: JobHost, code: audit.Code, name: string): Promise<number | undefined> {
  const value = (await last(host, code))?.detail?.[name]
  return typeof value === 'number' ? value : undefined
}

/** Nothing waits: now. Something waits: when the last segment was taken. Undefined where nothing is archived. */
async function archivedAt(host: JobHost): Promise<number | undefined> {
  const [row] = await host.sql<Array<{ mode: string; waits: boolean; at: Date | null; since: Date | null }>>`
    select current_setting('archive_mode') as mode, last_archived_time as at, stats_reset as since,
      case when last_archived_wal ~ '^[0-9A-F]{24}'
        then substr(last_archived_wal, 9, 16) < right(pg_walfile_name(pg_current_wal_lsn() - 2 * 16777216), 16)
        else last_failed_wal is not null end as waits
    from pg_stat_archiver`
  if (!row || row.mode === 'off') return undefined
  return (row.waits ? (row.at ?? row.since ?? host.now()) : host.now()).getTime() / 1000
}
