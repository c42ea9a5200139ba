import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Sql } from '../../core/host/database.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'

/** When data were last backed up, and when it was last proven that they come back. */
export type Last = {
  backup: Date | undefined
  failed: Date | undefined
  drill: Date | undefined
  drillFailed: Date | undefined
}

/** What the audit log says. */
export async function lastBackups(sql: Sql): Promise<Last> {
  const last = async (code: audit.Code) => {
    const [event] = await audit.search(sql, { code, limit: 1 })
    return event && new Date(event.at)
  }
  return {
    backup: await last('backup.written'),
    failed: await last('backup.failed'),
    drill: await last('drill.passed'),
    drillFailed: await last('drill.failed'),
  }
}

/** Writes down what came of a backup or a drill, by the name of the command. */
export async function note(home: Home, by: string, action: audit.Code, detail: Record<string, unknown>): Promise<void> {
  const sql = connect(home, 'app')
  try {
    await sql.begin((tx) => audit.record(tx, systemCommand(by), { action, subject: 'data', detail }))
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Why one failed, as much as an event holds. What cannot be written down is said by the caller all the same. */
export async function noteFailure(
  home: Home,
  by: string,
  action: audit.Code,
  { cause, ...detail }: { cause: string; type?: string },
): Promise<void> {
  await note(home, by, action, { ...detail, cause: cause.slice(0, 400) }).catch(() => {})
}
