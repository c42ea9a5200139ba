import { expect, test } from 'vitest'
import type { Held } from '../../../ops/backup/pgbackrest.ts'
import { dueBackup, isDrillDue } from '../../../ops/backup/schedule.ts'

const now = new Date('2026-11-28T12:00:00Z')
const hours = (ago: number) => new Date(now.getTime() - ago * 3_600_000)
const held = (type: Held['type'], ago: number, repository = 1, failed = false): Held => ({
  ...{ label: `${type}-${ago}`, type, repository, failed, bytes: 1, storedBytes: 1 },
  ...{ startedAt: hours(ago), stoppedAt: hours(ago) },
})
const plan = { fullDays: 7, everyHours: 24, between: 'incr' } as const

test('a backup is due by the place that is furthest behind: the first and each week’s is full, each day’s is what changed', () => {
  expect(dueBackup([], 1, plan, now)).toBe('full')
  expect(dueBackup([held('full', 23)], 1, plan, now)).toBeUndefined()
  expect(dueBackup([held('full', 25)], 1, plan, now)).toBe('incr')
  expect(dueBackup([held('full', 25), held('incr', 1)], 1, plan, now)).toBeUndefined()
  expect(dueBackup([held('full', 7 * 24), held('incr', 1)], 1, plan, now)).toBe('full')
  expect(dueBackup([held('full', 1)], 2, plan, now)).toBe('full')
  expect(dueBackup([held('full', 30), held('full', 30, 2), held('incr', 1)], 2, plan, now)).toBe('incr')
  expect(dueBackup([held('full', 1, 1, true)], 1, plan, now)).toBe('full')
})

test('a drill is due a month after the last that went through, the day after one that did not, and never where it is switched off', () => {
  const due = (passed?: Date, failed?: Date, drillDays = 30) => isDrillDue({ passed, failed }, { drillDays }, now)
  expect([due(), due(hours(29 * 24)), due(hours(30 * 24))]).toEqual([true, false, true])
  expect([due(undefined, hours(23)), due(undefined, hours(24)), due(undefined, undefined, 0)]).toEqual([
    false,
    true,
    false,
  ])
})
