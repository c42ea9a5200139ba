import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openHome } from '../../../ops/appliance/home.ts'
import type { Trouble } from '../../../ops/appliance/trouble.ts'
import { markRestore, refuseOtherGoal, refuseUnproven } from '../../../ops/backup/mark.ts'
import { newHome } from '../../support/home.ts'

/** A folder on which a restore to a moment of the past was begun, and broken off. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const goal = '2026-11-28T16:13:47.000Z'
const command = `npx countroom restore --home ${dir} --from /mnt/repository --to ${goal} --keys-of /var/lib/countroom`
const said = (work: () => void) => {
  try {
    work()
  } catch (error) {
    const { message, remedy } = error as Trouble
    return `${message} ${remedy}`
  }
  return ''
}

test('whoever starts on it is told the whole command that goes on, with its moment', () => {
  markRestore(home, { beganAt: '2026-11-28T17:00:00Z', goal, command })
  expect(said(() => refuseUnproven(home))).toContain(command)
})

test('it does not go on to another moment, which would bring back what was left out on purpose', () => {
  expect(said(() => refuseOtherGoal(home, 'all that was archived'))).toContain(command)
  expect(said(() => refuseOtherGoal(home, goal))).toBe('')
})

test('where the data were not sound, another moment is what helps', () => {
  markRestore(home, { beganAt: '2026-11-28T17:00:00Z', goal, command, failed: 'ledger' })
  expect(said(() => refuseOtherGoal(home, 'all that was archived'))).toBe('')
})
