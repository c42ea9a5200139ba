import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresBinaries } from '../../ops/appliance/postgres.ts'
import { Trouble } from '../../ops/appliance/trouble.ts'
import { startAppliance } from '../../ops/appliance.ts'
import { arrive, openClient, signInAnew } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import {
  cardIn,
  cardShown,
  countroom,
  launch,
  leftIn,
  moment,
  processesOf,
  removeHome,
  repository,
  type Started,
  spawnQuietly,
} from './command.ts'

/** One home through a bad life: each start must cope with what the one before has left. */
let home: string
let running: Started | undefined
let ada: { email: string; password: string }
beforeAll(() => {
  home = newHome('small')
})
afterAll(async () => {
  running?.child.kill('SIGTERM')
  await running?.ended
  removeHome(home)
})

const up = () => launch(home, ['up', '--free-ports'])
const at = (...parts: string[]) => join(home, ...parts)

test('a first start killed at any of its steps leaves nothing that stops the next one', async () => {
  const moments: Array<[string, () => boolean]> = [
    ['in the middle of initdb', () => existsSync(at('pg.new/global'))],
    ['when the token has its first file', () => filesIn(at('token/tokens')) > 0],
    ['when the authority is issued', () => existsSync(at('tls/ca.pem'))],
    ['when cores begin', () => existsSync(at('run/core-1.pid'))],
  ]
  for (const [what, come] of moments) {
    const start = up()
    await Promise.race([moment(what, come), start.ended.then(({ out }) => expect.fail(`before "${what}": ${out}`))])
    start.child.kill('SIGKILL')
    await start.ended
  }
  running = up()
  await cardShown(running)
  const { urls, ca } = cardIn(home)
  const client = openClient(urls.lobby, { ca })
  ada = await arrive(client, urls)
  await client.close()
}, 300_000)

test('killed outright while it runs, then two starts at once: one takes over with all data, the other is told', async () => {
  const before = cardIn(home).processes.map(({ pid }) => pid)
  running?.child.kill('SIGKILL')
  await running?.ended
  expect(processesOf(home).length).toBeGreaterThan(0)

  const npmStart = () =>
    spawnQuietly([process.execPath, join(repository, 'ops/bootstrap/start.js'), '--free-ports'], {
      ...process.env,
      COUNTROOM_HOME: home,
    })
  const [one, other] = [npmStart(), npmStart()]
  const loser = await Promise.race([one.ended.then(() => one), other.ended.then(() => other)])
  const taken = loser === one ? other : one
  running = taken
  expect((await loser.ended).code).toBe(1)
  const [, winner] = /already runs, or starts, .*process (\d+)/.exec(loser.said()) ?? []
  expect(loser.said()).toMatch(/setting: COUNTROOM_HOME[\s\S]*try: .*kill/)

  await cardShown(taken)
  expect(winner).toBe(String(cardIn(home).supervisor))
  expect(taken.said()).toMatch(/left running: .*postgres/)
  expect(processesOf(home).filter((pid) => before.includes(pid))).toEqual([])
  const { urls, ca } = cardIn(home)
  const client = openClient(urls.lobby, { ca })
  await signInAnew(client, urls, ada)
  await client.close()
}, 180_000)

test('Ctrl-C, wherever it arrives, stops everything it started, with exit code 0', async () => {
  running?.child.kill('SIGINT')
  const { code, out } = (await running?.ended) ?? { code: null, out: '' }
  expect(code, out).toBe(0)
  expect(leftIn(home)).toEqual([])
  expect(readdirSync(at('run')).filter((file) => /\.(pid|lock|sock)$|appliance/.test(file))).toEqual([])
}, 90_000)

test('Ctrl-C in the middle of a start ends it at once and leaves nothing running', async () => {
  const start = up()
  await moment('PostgreSQL to begin', () => existsSync(at('run/postgres.pid')))
  start.child.kill('SIGINT')
  const { code, out } = await start.ended
  expect(code, out).toBe(130)
  expect(out).toContain('Stopped before it was up')
  expect(out).not.toContain('Countroom runs')
  expect(leftIn(home)).toEqual([])
}, 90_000)

test('what is lost from an installed home is named with the two ways on, and never made anew', async () => {
  for (const [what, spoil] of damages()) {
    const repair = spoil()
    const trouble = await refusal()
    repair()
    expect(trouble.message, what).toContain(what)
    expect(trouble.setting, what).toContain(home)
    expect(trouble.remedy, what).toMatch(/backup.*countroom reset|tail -n/)
    expect(leftIn(home), what).toEqual([])
  }
}, 60_000)

test('a schema newer than the code is refused by its name', async () => {
  noteMigration('ledger', '9999_from_the_future.sql')
  const trouble = await refusal()
  expect(trouble.message).toMatch(/newer than this code: it has ledger\/9999_from_the_future\.sql/)
  expect(trouble.remedy).toMatch(/newer version/)
  expect(leftIn(home)).toEqual([])
}, 30_000)

test('reset removes what the appliance made and leaves what is not its own', async () => {
  const unasked = await countroom(home, ['reset'])
  expect(unasked.code).toBe(1)
  expect(unasked.out).toContain('reset --yes')
  const before = readdirSync(home)
  const planned = JSON.parse((await countroom(home, ['reset', '--dry-run', '--json'])).out)
  expect(planned).toMatchObject({ dryRun: true, left: ['countroom.json'] })
  expect([...planned.removed, ...planned.left].sort()).toEqual(before.toSorted())
  expect(readdirSync(home)).toEqual(before)
  const { code, out } = await countroom(home, ['reset', '--yes'])
  expect(code, out).toBe(0)
  expect(out).toContain('Left as it was: countroom.json')
  expect(readdirSync(home)).toEqual(['countroom.json'])
  expect((await countroom(home, ['reset', '--yes'])).out).toContain('There is no appliance')
})

/** What a start in this home is refused with. */
async function refusal(): Promise<Trouble> {
  const error = await startAppliance({ home, freePorts: true }).then(
    () => expect.fail('the start went through'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Trouble)
  return error as Trouble
}

/** What goes missing, and how it is put back. */
function damages(): Array<[string, () => () => void]> {
  const away = (path: string) => () => {
    renameSync(at(path), `${at(path)}.away`)
    return () => {
      rmSync(at(path), { recursive: true, force: true })
      renameSync(`${at(path)}.away`, at(path))
    }
  }
  const overwritten = (path: string, content: string) => () => {
    const before = readFileSync(at(path))
    writeFileSync(at(path), content)
    return () => writeFileSync(at(path), before)
  }
  /** A token whose files are gone: a module would make a new one in its place. */
  const emptied = () => {
    const repair = away('token/tokens')()
    mkdirSync(at('token/tokens/00000000-0000-0000-0000-000000000000'), { recursive: true })
    return repair
  }
  return [
    [at('secrets/hsm-pin'), away('secrets/hsm-pin')],
    [at('secrets/redis'), overwritten('secrets/redis', '')],
    [at('pg'), away('pg')],
    [at('token/tokens'), away('token/tokens')],
    ['no token "countroom"', emptied],
    ['postgres (the truth) does not serve', overwritten('pg/global/pg_control', 'x')],
  ]
}

function filesIn(folder: string): number {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).length : 0
}

/** With nothing running: PostgreSQL itself, for one statement. */
function noteMigration(room: string, name: string): void {
  const { uid, gid } = statSync(at('pg'))
  execFileSync(join(postgresBinaries(), 'postgres'), ['--single', '-D', at('pg'), 'countroom'], {
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    cwd: '/',
    input: `insert into base.migrations (room, number, name, sha256) values ('${room}', 9999, '${name}', 'x')\n`,
  })
}
