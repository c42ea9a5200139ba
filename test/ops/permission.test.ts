import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openHome } from '../../ops/appliance/home.ts'
import { coreUnit, keysUnit, workUnit } from '../../ops/appliance/nodes.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { newHome } from '../support/home.ts'

/** What a process reads that runs under the flags of cores and worker, whatever it was made to run. */
const dir = newHome('small')
const home = openHome(dir, { users: {}, ours: [process.getuid?.() ?? 0] })
const settings = readSettings(home)
const secret = home.path('secrets/hsm-pin-of-a-test')
for (const folder of ['secrets', 'token', 'tls']) mkdirSync(home.path(folder))
writeFileSync(secret, '1234')
keysUnit(home, settings, {}) // writes what the others inspect
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const units = { 'work-1': workUnit(home, settings, {}), 'core-1': coreUnit(home, settings, 1, {}) }

test.each(Object.entries(units))('%s reads the token’s PIN neither by its path nor round about', (_, unit) => {
  const detours = [
    '/proc/self/root',
    '/proc/thread-self/root',
    `/proc/${process.pid}/root`,
    '/proc/self/task/../root',
    '/proc/self/status/../root',
    '/sys/../proc/self/root',
  ]
  const tried = [
    secret,
    ...detours.map((detour) => `${detour}${secret}`),
    '/proc/self/cwd/secret', // the folder it was started in
    `/proc/${process.pid}/environ`,
    '/proc/self/environ',
  ]
  const said = readUnder(unit.args, tried)
  expect(said).toEqual(Object.fromEntries(tried.map((path) => [path, 'ERR_ACCESS_DENIED'])))
})

test('the worker reads how much memory its machine has', () => {
  expect(readUnder(units['work-1'].args, ['/proc/meminfo', '/proc/self/status'])).toEqual({
    '/proc/meminfo': 'read',
    '/proc/self/status': 'read',
  })
})

/** What becomes of reading each file in a process with a unit's flags. */
function readUnder(args: readonly string[], paths: readonly string[]): Record<string, string> {
  writeFileSync(home.path('secrets/secret'), 'in the folder')
  const flags = args.slice(
    0,
    args.findIndex((arg) => !arg.startsWith('--')),
  )
  const script = `
    const { readFileSync } = require('node:fs')
    const outcome = (path) => { try { readFileSync(path); return 'read' } catch (error) { return error.code } }
    console.log(JSON.stringify(Object.fromEntries(${JSON.stringify(paths)}.map((path) => [path, outcome(path)]))))`
  const ran = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8', cwd: home.path('secrets') })
  expect(ran.status, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout) as Record<string, string>
}
