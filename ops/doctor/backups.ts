import * as audit from '#audit'
import type { Sql } from '../../core/host/database.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const hourMs = 3_600_000
/** A schedule's hours, and time to make one. */
const hoursLate = 6

export type Last = {
  backup: Date | undefined
  failed: Date | undefined
  drill: Date | undefined
  drillFailed: Date | undefined
}

/** When data were last backed up, and when it was last proven that they come back, by the audit log. */
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

export const backups: Check = {
  id: 'backups',
  after: ['postgres'],
  remedy: 'npx countroom backup list',
  async look({ home, now, sql }) {
    const { backup: settings } = readSettings(home)
    const { backup, failed, drill, drillFailed } = await lastBackups(sql())
    const later = (one: Date | undefined, other: Date | undefined) => one !== undefined && one > (other ?? new Date(0))
    if (later(failed, backup))
      return broken(
        `the backup of ${failed?.toISOString()} failed`,
        'npx countroom backup says why; ops/runbooks/backup.md',
      )
    if (later(drillFailed, drill))
      return broken(
        `in the drill of ${drillFailed?.toISOString()} the backup did not come back`,
        'npx countroom drill says why; ops/runbooks/backup.md#drill',
      )
    const hours = backup && (now.getTime() - backup.getTime()) / hourMs
    if (settings && hours !== undefined && hours > settings.everyHours + hoursLate)
      return warning(
        `the last backup is ${Math.round(hours)} hours old`,
        'npx countroom backup; ops/runbooks/backup.md#overdue',
      )
    if (!settings) return sound('none are made; "backup" in countroom.json says where to')
    return sound(
      `the last is of ${backup?.toISOString() ?? 'no day yet'}, proven to come back ${drill?.toISOString() ?? 'never yet'}`,
    )
  },
}
