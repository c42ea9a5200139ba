import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askReady } from '../../ops/appliance/nodes.ts'
import type { Card } from '../../ops/appliance.ts'
import { until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import {
  asNobody,
  cardShown,
  countroom,
  processesOf,
  removeHome,
  repository,
  type Started,
  spawnQuietly,
} from './command.ts'

/**
 * A disk that fills up under a running appliance, on a file system of its own. It is started as an ordinary user starts
 * it, with nothing on the PATH: no root, no sudo, no apt.
 */
const home = newHome()
const nowhere = mkdtempSync(join(tmpdir(), 'cr-path-'))
let running: Started
let seen: string // the home as it is inside the namespace of the supervisor
let inside: string[]

const root = process.getuid?.() === 0
const namespace = root
  ? ['/usr/bin/unshare', '--mount']
  : ['/usr/bin/unshare', '--user', `--map-user=${process.getuid?.()}`, '--keep-caps', '--mount']

beforeAll(async () => {
  const owner = root ? ',uid=65534,gid=65534' : ''
  const mount = `/bin/mount -t tmpfs -o size=640M,mode=755${owner} tmpfs ${home} && exec "$@"`
  const npmStart = [process.execPath, join(repository, 'ops/bootstrap/start.js'), '--free-ports']
  running = spawnQuietly([...namespace, '/bin/sh', '-c', mount, 'sh', ...asNobody, ...npmStart], {
    PATH: nowhere,
    COUNTROOM_HOME: home,
  })
  await cardShown(running)
  seen = join('/proc', String(running.child.pid), 'root', home)
  inside = [
    'nsenter',
    `--target=${running.child.pid}`,
    '--mount',
    ...(root ? [] : ['--user', '--preserve-credentials']),
  ]
})
afterAll(async () => {
  running?.child.kill('SIGTERM')
  await running?.ended
  removeHome(home)
  rmSync(nowhere, { recursive: true })
})

test('filled while it runs, then freed: the supervisor stays, and all that was there is there', async () => {
  execFileSync('sh', ['-c', `cat /dev/zero > ${seen}/ballast 2> /dev/null || true`])
  for (const name of ['postgres', 'core-1'])
    process.kill(card().processes.find((unit) => unit.name === name)?.pid ?? Number.NaN, 'SIGKILL')
  const full = await countroom(home, ['doctor'], { within: inside })
  expect(full.code).toBe(2)
  expect(full.out).toMatch(/BROKEN {3}disk +only 0 MiB free/)
  await new Promise((resolve) => setTimeout(resolve, 1500)) // some restarts, into a disk that takes nothing
  expect(running.child.exitCode, running.said()).toBeNull()

  rmSync(join(seen, 'ballast'))
  const { ports } = card()
  await until('core-1 to be ready', async () => ((await askReady(ports.core1Metrics ?? 0)) ? undefined : true), 60)
  const proofs = await countroom(home, ['verify'], { within: inside })
  expect(proofs.code, proofs.out).toBe(0)
}, 120_000)

test('kill of npm start drains it, and nothing is left running', async () => {
  running.child.kill('SIGTERM')
  const { code, out } = await running.ended
  expect(code, out).toBe(0)
  expect(out).toContain('The next start has all data')
  expect(processesOf(home)).toEqual([])
  expect(existsSync(join(home, 'pg'))).toBe(false) // its file system went with it
}, 60_000)

test('full before a later start: refused, and nothing in the home is touched', async () => {
  const script = [
    `mount -t tmpfs -o size=24M,mode=755 tmpfs ${home}`,
    `mkdir ${home}/pg ${home}/token && echo 15 > ${home}/pg/PG_VERSION && echo then > ${home}/installed`,
    root ? `chown -R countroom: ${home}/pg ${home}/installed` : ':',
    `"$@"; code=$?; ls ${home}; exit $code`,
  ].join('\n')
  const within = [...namespace, 'sh', '-c', script, 'sh']
  const { code, out } = await countroom(home, ['up', '--free-ports'], { within })
  expect(code).toBe(1)
  expect(out).toMatch(/disk is full: .* has \d+ MiB free, a start needs 32/)
  expect(out).toMatch(/installed\npg\nrun\ntoken\n$/)
})

function card(): Card {
  return JSON.parse(readFileSync(join(seen, 'run/appliance.json'), 'utf8')) as Card
}
