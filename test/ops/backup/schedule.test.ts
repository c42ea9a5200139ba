import { expect, test } from 'vitest'
import type { Held } from '../../../ops/backup/pgbackrest.ts'
import { dueBackups, isDrillDue } from '../../../ops/backup/schedule.ts'

const now = new Date('2026-11-28T12:00:00Z')
const hours = (ago: number) => new Date(now.getTime() - ago * 3_600_000)
const held = (type: Held['type'], ago: number, repository = 1, failed = false): Held => ({
  ...{ label: `${type}-${ago}`, type, repository, failed, bytes: 1, storedBytes: 1 },
  ...{ startedAt: hours(ago), stoppedAt: hours(ago) },
})
const plan = { fullDays: 7, everyHours: 24, between: 'incr' } as const

test('in each place the first backup and each week’s is full, each day’s is what changed, whatever another place lacks', () => {
  const due = (held: Held[], places = 1) =>
    dueBackups(held, places, plan, now).map(({ repository, type }) => `${repository} ${type}`)
  expect(due([])).toEqual(['1 full'])
  expect(due([held('full', 23)])).toEqual([])
  expect(due([held('full', 25)])).toEqual(['1 incr'])
  expect(due([held('full', 25), held('incr', 1)])).toEqual([])
  expect(due([held('full', 7 * 24), held('incr', 1)])).toEqual(['1 full'])
  expect(due([held('full', 1)], 2)).toEqual(['2 full'])
  expect(due([held('full', 30), held('full', 30, 2), held('incr', 1)], 2)).toEqual(['2 incr'])
  expect(due([held('full', 25), held('full', 7 * 24, 2)], 2)).toEqual(['1 incr', '2 full'])
  expect(due([held('full', 1, 1, true)])).toEqual(['1 full'])
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
