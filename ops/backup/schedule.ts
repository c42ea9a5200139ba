import type { BackupType } from './backup.ts'
import type { Held } from './pgbackrest.ts'
import type { BackupSettings } from './settings.ts'

const hourMs = 3_600_000

/**
 * What backup is due, if one is: the first, a full one after so many days, else one of those between. The repository that is furthest behind decides,
 * since a backup goes to all of them.
 */
export function dueBackup(
  backups: readonly Held[],
  repositories: number,
  { fullDays, everyHours, between }: Pick<BackupSettings, 'fullDays' | 'everyHours' | 'between'>,
  now: Date,
): BackupType | undefined {
  const each = Array.from({ length: repositories }, (_, index) =>
    backups.filter(({ repository, failed }) => repository === index + 1 && !failed),
  )
  const oldest = (of: (mine: Held[]) => Held | undefined) =>
    Math.min(...each.map((mine) => of(mine)?.stoppedAt.getTime() ?? Number.NEGATIVE_INFINITY))
  if (now.getTime() - oldest((mine) => mine.findLast(({ type }) => type === 'full')) >= fullDays * 24 * hourMs)
    return 'full'
  if (now.getTime() - oldest((mine) => mine.at(-1)) >= everyHours * hourMs) return between
  return undefined
}

/** So many days after the last that went through, and the day after one that did not. */
export function isDrillDue(
  { passed, failed }: { passed: Date | undefined; failed: Date | undefined },
  { drillDays }: Pick<BackupSettings, 'drillDays'>,
  now: Date,
): boolean {
  const since = (then: Date | undefined) =>
    then ? (now.getTime() - then.getTime()) / (24 * hourMs) : Number.POSITIVE_INFINITY
  return drillDays > 0 && since(passed) >= drillDays && since(failed) >= 1
}
