import type { Sql } from '../../core/host/database.ts'
import { readSettings } from '../appliance/settings.ts'
import { lastBackups } from '../backup/index.ts'
import { broken, type Check, type Found, sound, warning } from './finding.ts'

const hourMs = 3_600_000
/** A schedule's hours, and time to make one. */
const hoursLate = 6

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
    if (!settings) return without(sql())
    return sound(
      `the last is of ${backup?.toISOString() ?? 'no day yet'}, proven to come back ${drill?.toISOString() ?? 'never yet'}`,
    )
  },
}

/** To try the casino out needs none; other people's money does. */
async function without(sql: Sql): Promise<Found> {
  const [books] = await sql<Array<{ used: boolean }>>`select exists (select from ledger.batches) as used`
  if (!books?.used) return sound('none are made; "backup" in countroom.json says where to')
  return warning(
    'none are made: what happens to this disk happens to the money of players',
    '"backup" in countroom.json; ops/runbooks/backup.md#where',
  )
}
