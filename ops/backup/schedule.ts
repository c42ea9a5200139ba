import type { BackupType } from './backup.ts'
import type { Held } from './pgbackrest.ts'
import type { BackupSettings } from './settings.ts'

const hourMs = 3_600_000

/** A backup that a repository is to get. */
export type Due = { repository: number; type: BackupType }

/**
 * What backups are due: in each repository the first, a full one after so many days, else one of those between. Each by itself: full ones that pile up
 * in a sound repository while another is away would push out what it reaches back to.
 */
export function dueBackups(
  backups: readonly Held[],
  repositories: number,
  { fullDays, everyHours, between }: Pick<BackupSettings, 'fullDays' | 'everyHours' | 'between'>,
  now: Date,
): Due[] {
  const since = (held: Held | undefined) => now.getTime() - (held?.stoppedAt.getTime() ?? Number.NEGATIVE_INFINITY)
  return Array.from({ length: repositories }, (_, index) => index + 1).flatMap((repository): Due[] => {
    const mine = backups.filter((each) => each.repository === repository && !each.failed)
    if (since(mine.findLast(({ type }) => type === 'full')) >= fullDays * 24 * hourMs)
      return [{ repository, type: 'full' }]
    return since(mine.at(-1)) >= everyHours * hourMs ? [{ repository, type: between }] : []
  })
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
