import { execFileSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDatabase } from '../../core/host/database.ts'
import { whatItAloneHas } from '../../ops/failover/left-behind.ts'
import { binaries, serviceUser, startServer } from '../support/cluster.ts'

/** A server that led and parted from the next primary, as after a partition that healed. */
const folder = mkdtempSync(join(tmpdir(), 'cr-forks-'))
const user = serviceUser()
const running: Array<{ process: { kill(signal: 'SIGINT'): void }; ended: Promise<void> }> = []
afterAll(async () => {
  for (const each of running) each.process.kill('SIGINT')
  await Promise.all(running.map((each) => each.ended))
  rmSync(folder, { recursive: true, force: true })
})

const wrapper = join(folder, 'pg_rewind')
copyFileSync(join(import.meta.dirname, '../../ops/failover/bin/pg_rewind'), wrapper) // whoever it runs as may not read this folder
execFileSync('chmod', ['755', wrapper])
if (user) chownSync(folder, user.uid, user.gid)

const place = (name: string) => {
  const path = join(folder, name)
  mkdirSync(path)
  if (user) chownSync(path, user.uid, user.gid)
  return path
}
const run = (program: string, words: string[], environment: Record<string, string> = {}) =>
  execFileSync(program.includes('/') ? program : join(binaries, program), words, {
    ...user,
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
const ask = (home: string, text: string) => run('psql', ['-h', home, '-U', 'postgres', '-Atqc', text]).trim()
const start = async (home: string, ...options: string[]) => {
  const words = [
    '-D',
    join(home, 'data'),
    '-c',
    `unix_socket_directories=${home}`,
    '-c',
    'listen_addresses=',
    ...options,
  ]
  const server = await startServer(home, words)
  running.push(server)
  return async () => {
    running.splice(running.indexOf(server), 1)
    server.process.kill('SIGINT')
    await server.ended
  }
}

test('what a server alone had written is kept before it is taken back, and a copy can be brought up to there [GLI-B.3.4]', async () => {
  const [first, next, copy, forks] = ['first', 'next', 'copy', 'forks'].map(place) as [string, string, string, string]
  run('initdb', ['-D', join(first, 'data'), '-U', 'postgres', '-A', 'trust', '-N'])
  const stopFirst = await start(first, '-c', 'wal_log_hints=on', '-c', 'wal_keep_size=256MB')
  ask(first, 'create table commits (name text)')
  for (const home of [next, copy])
    run('pg_basebackup', ['-h', first, '-U', 'postgres', '-D', join(home, 'data'), '-c', 'fast'])
  writeFileSync(join(next, 'data/standby.signal'), '')
  await start(next, '-c', `primary_conninfo=host=${first} user=postgres`)
  ask(first, "insert into commits values ('of both')")
  await expect.poll(() => ask(next, 'select count(*) from commits'), { timeout: 30_000 }).toBe('1')
  ask(next, 'select pg_promote()')
  ask(next, 'checkpoint') // or it is still of the old timeline to who asks
  ask(next, "insert into commits values ('of the next alone')")
  ask(first, "insert into commits values ('of the first alone')")
  await stopFirst()

  const words = ['-D', join(first, 'data'), '--source-server', `host=${next} user=postgres dbname=postgres`]
  const environment = { COUNTROOM_PG_REWIND: join(binaries, 'pg_rewind'), COUNTROOM_FORKS: forks }
  expect(run(wrapper, ['--help'], environment)).toContain('--source-server') // by which Patroni finds out whether it can
  expect(() => run(wrapper, words, { ...environment, COUNTROOM_FORKS: '/proc/nowhere' })).toThrow(/nowhere/) // and nothing was taken back
  run(wrapper, words, environment)
  const [kept, ...others] = readdirSync(forks)
  expect(others).toEqual([])
  expect(readdirSync(join(forks, kept!))).toContain('parted.txt')

  // Who asks what was lost lays the log that was kept over a backup of before.
  writeFileSync(join(copy, 'data/recovery.signal'), '')
  await start(
    copy,
    ...['-c', `restore_command=cp ${join(forks, kept!)}/%f %p`],
    ...['-c', 'recovery_target_timeline=1', '-c', 'recovery_target_action=pause'],
  )
  expect(ask(copy, 'select string_agg(name, $$, $$ order by name) from commits')).toBe('of both, of the first alone')

  // And the server follows the next primary.
  writeFileSync(join(first, 'data/standby.signal'), '')
  await start(first, '-c', 'wal_log_hints=on', '-c', `primary_conninfo=host=${next} user=postgres`)
  await expect
    .poll(() => ask(first, 'select string_agg(name, $$, $$ order by name) from commits'), { timeout: 30_000 })
    .toBe('of both, of the next alone')
})

test('a server that holds log which the primary left behind is not copied over, one that is merely late is', async () => {
  const [led, leads, late] = ['led', 'leads', 'late'].map(place) as [string, string, string]
  run('initdb', ['-D', join(led, 'data'), '-U', 'postgres', '-A', 'trust', '-N'])
  const stopLed = await start(led, '-c', 'wal_keep_size=256MB')
  ask(led, 'create table commits (name text)')
  for (const home of [leads, late])
    run('pg_basebackup', ['-h', led, '-U', 'postgres', '-D', join(home, 'data'), '-c', 'fast'])
  writeFileSync(join(leads, 'data/standby.signal'), '')
  await start(leads, '-c', `primary_conninfo=host=${led} user=postgres`)
  ask(led, "insert into commits values ('of both')")
  await expect.poll(() => ask(leads, 'select count(*) from commits'), { timeout: 30_000 }).toBe('1')
  ask(leads, 'select pg_promote()')
  ask(leads, 'checkpoint')
  ask(leads, "insert into commits values ('of the next alone')")
  ask(led, "insert into commits values ('of the one that led alone')")
  await stopLed()
  for (const home of [led, late]) writeFileSync(join(home, 'data/standby.signal'), '')
  await start(led, '-c', `primary_conninfo=host=${leads} user=postgres`)
  await start(late, '-c', `primary_conninfo=host=${leads} user=postgres`)

  const heard = (home: string) => existsSync(join(home, 'data/pg_wal/00000002.history'))
  await expect.poll(() => heard(led) && heard(late), { timeout: 30_000 }).toBe(true)
  await expect.poll(() => ask(late, 'select count(*) from commits'), { timeout: 30_000 }).toBe('2')
  const [, switched = ''] = /^1\t([0-9A-F/]+)\t/m.exec(
    readFileSync(join(leads, 'data/pg_wal/00000002.history'), 'utf8'),
  )!
  const [high = '', low = ''] = switched.split('/')
  const at = (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
  const judged = async (home: string, history = [{ timeline: 1, at }], parted = false) => {
    const sql = openDatabase({
      host: home,
      port: 5432,
      database: 'postgres',
      user: 'postgres',
      password: '',
      poolMax: 1,
      name: 'test',
    })
    return whatItAloneHas(sql, history, parted).finally(() => sql.end({ timeout: 1 }))
  }
  expect(await judged(led)).toMatch(/^it has log up to .* of timeline 1, which the primary left before$/)
  expect(await judged(late)).toBeUndefined()
  expect(await judged(late, undefined, true)).toBe('it has parted from the primary')
  // The cluster has gone on from another point to a timeline of the same number, or from this one.
  expect(await judged(late, [{ timeline: 1, at: at - 8n }])).toBe('it left timeline 1 elsewhere than the primary')
  expect(await judged(late, [])).toBe('it left timeline 1 elsewhere than the primary')
  expect(
    await judged(late, [
      { timeline: 1, at },
      { timeline: 2, at },
    ]),
  ).toMatch(/of timeline 2, which the primary left before$/)
  // One that is late on the timeline of before.
  expect(await judged(led, [{ timeline: 1, at: at + 2n ** 32n }])).toBeUndefined()
})
