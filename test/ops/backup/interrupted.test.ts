import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandLineOf, isAlive, parseMark, processesOfUs } from '../../../ops/appliance/processes.ts'
import { type Appliance, startAppliance } from '../../../ops/appliance.ts'
import { until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { countroom, launch, leftIn, moment, removeHome, type Started } from '../command.ts'

/** What takes long is broken off: by Ctrl-C, because the connection of who typed it is lost, by a kill that asks nobody. Nothing of it goes on. */
const [home, bare] = [newHome('small'), newHome('usual')]
const place = mkdtempSync(join(tmpdir(), 'cr-place-'))
const drill = join(home, 'drill')
let appliance: Appliance | undefined

beforeAll(async () => {
  chmodSync(place, 0o755)
  const backup = { repositories: [{ directory: place }], archiveSeconds: 5, drillDays: 0 }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, backup }))
  appliance = await startAppliance({ home, freePorts: true })
  const listed = async () => JSON.parse((await countroom(home, ['backup', 'list', '--json'])).out) as { backups: [] }
  await until('the first backup', async () => ((await listed()).backups.length > 0 ? true : undefined), 120)
}, 300_000)
afterAll(async () => {
  await appliance?.stop()
  for (const each of [home, bare]) removeHome(each)
  rmSync(place, { recursive: true, force: true })
})

/** At work on this command of pgBackRest for a home, beside what archives the log. */
const atWork = (dir: string, word: string) =>
  processesOfUs()
    .filter(({ program }) => program === 'pgbackrest')
    .map(({ pid }) => commandLineOf(pid))
    .filter((line) => line.includes(`--config=${dir}/run/backup/`) && line.endsWith(` ${word}`))

async function brokenOff(begun: Started, signal: NodeJS.Signals): Promise<void> {
  begun.child.kill(signal)
  begun.child.kill(signal) // npm hands it on once more
  const { code, out } = await begun.ended
  expect([code, out]).toEqual([130, expect.stringContaining('Broken off')])
}

test.each([
  [['backup', '--type', 'full'], 'backup', 'SIGHUP'],
  [['backup', '--type', 'full'], 'backup', 'SIGINT'],
  [['backup', 'verify'], 'verify', 'SIGHUP'],
  [['backup', 'verify'], 'verify', 'SIGINT'],
] as const)(
  'countroom %j leaves no pgBackRest at %s behind after %s',
  async (words, word, signal) => {
    const begun = launch(home, [...words])
    await moment('pgBackRest', () => atWork(home, word).length > 0)
    await brokenOff(begun, signal)
    expect(atWork(home, word)).toEqual([])
    expect(existsSync(join(home, 'run/backup.lock'))).toBe(false)
  },
  120_000,
)

test('a drill that is broken off at its files, or with its server up, leaves neither server nor folder', async () => {
  for (const [what, come] of [
    ['its files', () => atWork(drill, 'restore').length > 0],
    ['its server', () => existsSync(join(drill, 'run/postgres.pid'))],
  ] as const) {
    const begun = launch(home, ['drill'])
    await moment(what, come)
    await brokenOff(begun, 'SIGHUP')
    expect(leftIn(drill), what).toEqual([])
    expect(existsSync(drill), what).toBe(false)
  }
}, 240_000)

test('of a drill that was killed the server is stopped before its folder goes, and the next one goes through', async () => {
  const begun = launch(home, ['drill'])
  await moment('its server', () => existsSync(join(drill, 'run/postgres.pid')))
  begun.child.kill('SIGKILL')
  await begun.ended
  const left = parseMark(readFileSync(join(drill, 'run/postgres.pid'), 'utf8'))!
  expect(isAlive(left)).toBe(true)
  const next = await countroom(home, ['drill'])
  expect(next.code, next.out).toBe(0)
  expect(isAlive(left)).toBe(false)
  expect(leftIn(drill)).toEqual([])
}, 240_000)

test('a restore that is broken off leaves nothing at work, and what it left is taken up again', async () => {
  await appliance?.stop()
  appliance = undefined
  const words = ['restore', '--home', bare, '--from', place, '--keys-of', home]
  const begun = launch(home, words)
  await moment('its files', () => atWork(bare, 'restore').length > 0 || existsSync(join(bare, 'run/postgres.pid')))
  await brokenOff(begun, 'SIGHUP')
  expect(leftIn(bare)).toEqual([])
  const again = await countroom(home, words)
  expect(again.code, again.out).toBe(0)
}, 240_000)
