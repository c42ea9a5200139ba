import { fork } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openHome } from '../../../ops/appliance/home.ts'
import { newHome } from '../../support/home.ts'

const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('of several that find the lock of a dead one, one is at work at a time', { timeout: 60_000 }, async () => {
  home.write('run/dead', '999999999 1 backup\n')
  const racers = Array.from({ length: 4 }, () =>
    fork(join(import.meta.dirname, 'exclusive-racer.ts'), [dir], { execArgv: [] }),
  )
  const dying = setInterval(() => {
    try {
      linkSync(home.path('run/dead'), home.path('run/backup.lock')) // somebody took it, and died
    } catch {} // somebody is at work
  }, 2)
  const told = await Promise.all(
    racers.map(async (racer) => ((await once(racer, 'message')) as [{ worked: number; overlaps: number }])[0]),
  )
  clearInterval(dying)
  expect(told.reduce((sum, { worked }) => sum + worked, 0)).toBeGreaterThan(20)
  expect(told.reduce((sum, { overlaps }) => sum + overlaps, 0)).toBe(0)
})
