import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Trouble } from '../../ops/appliance/trouble.ts'
import { startAppliance } from '../../ops/appliance.ts'
import { newHome } from '../support/home.ts'
import { countroom, processesOf, removeHome } from './command.ts'

/** Starts that cannot go through: one message with the thing, the setting and the command; the home as it was. */
let homes: string[] = []
afterEach(() => {
  for (const home of homes) removeHome(home)
  homes = []
})

function fresh(): string {
  const home = newHome()
  homes.push(home)
  return home
}

async function refused(
  home: string,
  surroundings: Parameters<typeof countroom>[2] = {},
  words = ['up', '--free-ports'],
): Promise<string> {
  const { code, out } = await countroom(home, words, surroundings)
  expect(code, out).toBe(1)
  expect(out).toMatch(/\n\S.*[\s\S]*\n {2}setting: \S.*\n {2}try: {5}\S.*\n$/)
  expect(out).not.toMatch(/\n {4}at /) // a message, not a stack
  expect(processesOf(home)).toEqual([])
  return out
}

/** A namespace of its own with a file system under the home that ends with the command. */
const mounted = (home: string, options: string) => [
  ...(process.getuid?.() === 0
    ? ['unshare', '--mount']
    : ['unshare', '--user', `--map-user=${process.getuid?.()}`, '--keep-caps', '--mount']),
  'sh',
  '-c',
  `mount -t tmpfs -o ${options} tmpfs ${home} && exec "$@"`,
  'sh',
]

test.each([
  [
    'a disk that is full from the beginning',
    'size=20M',
    /disk is full: .* has \d+ MiB free, a new appliance needs 512/,
  ],
  ['a disk that is full in the middle of initdb', 'size=900M,nr_inodes=300', /is full: could not .*No space left/],
  ['a file system that is read-only', 'size=20M,ro', /file system of .* is read-only/],
])('%s', async (_what, options, message) => {
  const home = fresh()
  const out = await refused(home, { within: mounted(home, options) })
  expect(out).toMatch(message)
  expect(out).toMatch(/try: {5}(df -h|findmnt)/)
})

test('settings that are not JSON, not settings, or contradict each other', async () => {
  const home = fresh()
  const file = join(home, 'countroom.json')
  for (const [content, message] of [
    ['{"ports": ', /countroom\.json cannot be read/],
    ['{"prots": {}, "edgeWorkers": 0}', /Unrecognized key: "prots"[\s\S]*edgeWorkers/],
    ['{"ports": {"player": 9101}}', /9101 is given twice, to player and to core1Player/],
  ] as const) {
    writeFileSync(file, content)
    expect((await troubleOf(home)).message).toMatch(message)
  }
  rmSync(file)
  vi.stubEnv('COUNTROOM_PORT_PLAYER', 'https')
  const trouble = await troubleOf(home)
  vi.unstubAllEnvs()
  expect(trouble.message).toMatch(/COUNTROOM_PORT_PLAYER is "https"/)
  expect(trouble.setting).toBe('COUNTROOM_PORT_PLAYER')
})

test('a port that another program has is named with its setting and the command that finds the program', async () => {
  const other = createServer()
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  )
  const out = await refused(fresh(), { environment: { COUNTROOM_PORT_PLAYER: String(port) } }, ['up'])
  other.close()
  expect(out).toContain(`The port ${port} (player) is in use`)
  expect(out).toMatch(/setting: COUNTROOM_PORT_PLAYER, or "ports": \{"player"/)
  expect(out).toContain(`ss -ltnp 'sport = :${port}'`)
})

test('a home that is a file, or too deep', async () => {
  const file = join(fresh(), 'file')
  writeFileSync(file, '')
  expect((await troubleOf(file)).message).toMatch(/is a file, not a folder/)
  expect((await troubleOf(join(fresh(), 'd'.repeat(100)))).message).toMatch(/path of the home directory is too long/)
})

test('a home of another user is left exactly as it is, whoever comes', async () => {
  const home = fresh()
  const stranger = 4711
  for (const folder of ['run', 'secrets', 'pg']) {
    mkdirSync(join(home, folder), { mode: 0o700 })
    chownSync(join(home, folder), stranger, stranger)
  }
  const before = snapshot(home)
  expect(await refused(home)).toMatch(/belongs to user 4711, and this start would run as /)
  expect(snapshot(home)).toEqual(before)
  expect(await refused(home, { within: asUser(1234) })).toMatch(/belongs to user 4711|No permission/)
  expect(snapshot(home)).toEqual(before)
  for (const command of ['doctor', 'reset']) {
    const { code, out } = await countroom(home, [command], { within: asUser(1234) })
    expect(code, command).toBe(1)
    expect(out, command).toMatch(new RegExp(`belongs to user 4711[\\s\\S]*try: .*npx countroom ${command}`))
  }
})

test('a closed folder above the home is found before PostgreSQL meets it', async () => {
  const closed = fresh()
  chmodSync(closed, 0o700)
  const home = join(closed, 'home')
  const out = await refused(home, process.getuid?.() === 0 ? {} : { within: asUser(1234) })
  expect(out).toMatch(/cannot enter|No permission/)
  expect(out).toMatch(/try: {5}namei -l/)
  expect(readdirSync(home)).toEqual([])
})

test('a secret that others can read stops the start with the command that closes it', async () => {
  const home = fresh()
  writeFileSync(join(home, 'countroom.json'), '{') // a start that goes as far as its secrets
  await troubleOf(home)
  const secret = join(home, 'secrets/redis')
  const kept = readFileSync(secret, 'utf8')
  chmodSync(secret, 0o644)
  const trouble = await troubleOf(home)
  expect(trouble.message).toMatch(/secrets\/redis is open to others/)
  expect(trouble.remedy).toContain(`chmod 600 ${secret}`)
  expect(readFileSync(secret, 'utf8')).toBe(kept)
})

/** What a start in this process is refused with. */
async function troubleOf(home: string): Promise<Trouble> {
  const error = await startAppliance({ home }).then(
    () => expect.fail('the start went through'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Trouble)
  return error as Trouble
}

function asUser(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
}

function snapshot(home: string): string[] {
  return readdirSync(home, { recursive: true })
    .map((name) => `${name} ${statSync(join(home, String(name))).uid} ${statSync(join(home, String(name))).mtimeMs}`)
    .sort()
}
