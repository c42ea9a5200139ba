import { join } from 'node:path'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Sql } from '../../core/host/database.ts'
import { archiveInto } from './archive.ts'

const lookMsUsual = 3_600_000

/**
 * Archives each hour what is past the licence's years, into files of a folder (`auditArchiveTo`). It stands beside the processes, since none of
 * them may take anything out of the log. What fails is said once, is an event with an alarm, and is tried again; were this not running at all, the
 * workers' `countroom_audit_archive_overdue_days` would tell.
 */
export function keepArchive(options: {
  /** As the owner of the database. */
  open(): Sql
  folder: string
  say(line: string): void
  lookMs?: number
  now?(): Date
}): { stop(): Promise<void> } {
  const { open, folder, say, lookMs = lookMsUsual, now = () => new Date() } = options
  let complaint = ''
  let running: Promise<void> = look()
  const timer = setInterval(() => (running = running.then(look)), lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }

  async function look(): Promise<void> {
    const sql = open()
    try {
      const at = now()
      const done = await archiveInto(sql, join(folder, `audit-${at.toISOString().replaceAll(/[:.]/g, '-')}.jsonl`), at)
      if (done.events > 0) say(`Archived ${done.events} events of before ${done.before} to ${done.file}.`)
      complaint = ''
    } catch (error) {
      const cause = (error as Error).message
      if (cause !== complaint) await tell(sql, cause)
      complaint = cause
    } finally {
      await sql.end({ timeout: 5 })
    }
  }

  async function tell(sql: Sql, cause: string): Promise<void> {
    say(`The audit log could not be archived: ${cause}`)
    const event = { action: 'audit.archiving_failed', subject: 'log', detail: { cause } } as const
    await sql.begin((tx) => audit.record(tx, systemCommand('audit.archive', now()), event)).catch(() => {}) // said above
  }
}
