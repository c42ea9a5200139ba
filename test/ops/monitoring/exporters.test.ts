import { spawn } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../../ops/appliance/home.ts'
import { asUser, findIdentities } from '../../../ops/appliance/identity.ts'
import { socketPortOf } from '../../../ops/appliance/postgres.ts'
import { postgresFolder, redisSocket } from '../../../ops/appliance/sockets.ts'
import { startAppliance } from '../../../ops/appliance.ts'
import { boards } from '../../../ops/monitoring/dashboard.ts'
import { readExposition } from '../../../ops/telemetry/exposition.ts'
import { arrive, depositByCard, must, openClient, until } from '../../support/client.ts'
import { newHome } from '../../support/home.ts'
import { freePort } from '../../support/port.ts'
import { countroom, processesOf, removeHome, spawnQuietly } from '../command.ts'
import { metricsIn, rules } from './rules.ts'

/** Debian's exporters beside a running appliance: what they tell, what they may, who collects it, and that it does not grow without end. */
const home = newHome('small')
const view = viewHome(home)
const { users } = findIdentities()
let appliance: Awaited<ReturnType<typeof startAppliance>>
const said: string[] = []
const names = ['node-exporter', 'postgres-exporter', 'redis-exporter']

beforeAll(async () => {
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, exporters: true }))
  appliance = await startAppliance({ home, freePorts: true, say: (line) => void said.push(line) })
}, 120_000)
afterAll(async () => {
  await appliance?.stop()
  expect(processesOf(home)).toEqual([])
  removeHome(home)
})

const told = async (port: string) =>
  readExposition(await (await fetch(`http://127.0.0.1:${appliance.card().ports[port]}/metrics`)).text())

test('they run as a user of their own, on loopback, and tell of the machine, PostgreSQL and Redis', async () => {
  const running = appliance.processes().filter(({ name }) => names.includes(name))
  expect(running.map(({ name }) => name).sort()).toEqual(names)
  for (const { name, pid } of running)
    expect(statSync(`/proc/${pid}`).uid, name).toBe(users.exporter?.uid ?? process.getuid?.())
  for (const [port, value] of [
    ['nodeMetrics', 'node_boot_time_seconds'],
    ['postgresMetrics', 'pg_up'],
    ['redisMetrics', 'redis_up'],
  ] as const)
    expect((await told(port)).find(({ name }) => name === value)?.samples[0]?.value, value).toBeGreaterThan(0)
  expect(said.filter((line) => line.startsWith('Not watched'))).toEqual([])
})

test('the doctor finds nothing broken in an appliance that has them, and the status shows them', async () => {
  const { findings } = JSON.parse((await countroom(home, ['doctor', '--json'])).out) as {
    findings: Array<{ id: string; severity: string; evidence: string }>
  }
  expect(findings.length).toBeGreaterThan(10)
  expect(findings.filter(({ severity }) => severity === 'broken')).toEqual([])
  const status = (await countroom(home, ['status', '--json'])).out
  for (const name of names) expect(status).toContain(`"${name}"`)
}, 150_000)

test('what rules and boards ask of them is told', async () => {
  const heard = new Set<string>()
  for (const port of ['nodeMetrics', 'postgresMetrics', 'redisMetrics'])
    for (const { samples } of await told(port)) for (const { name } of samples) heard.add(name)
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...boards.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))),
  ]
  const asked = new Set(expressions.flatMap(metricsIn).filter((name) => /^(node|pg|redis)_/.test(name)))
  expect(asked.size).toBeGreaterThan(30)
  expect([...asked].filter((name) => !heard.has(name))).toEqual([])
})

test('PostgreSQL tells its exporter of itself and of no table; nobody else comes in by that role', async () => {
  const psql = (as: typeof users.exporter, role: string, statement: string) => {
    const words = ['-X', '-At', '-w', '-h', postgresFolder(view), '-p', String(socketPortOf(view)), '-U', role]
    const [command, args] = asUser(as, '/usr/bin/psql', [...words, '-d', 'countroom', '-c', statement])
    return spawnQuietly([command, ...args], { PATH: process.env.PATH }).ended
  }
  const own = (statement: string) => psql(users.exporter, 'countroom_monitor', statement)
  expect((await own('select count(*) > 0 from pg_stat_activity')).out.trim()).toBe('t')
  for (const table of ['players.players', 'ledger.wallets', 'base.idempotency', 'pg_authid'])
    expect((await own(`select * from ${table}`)).out, table).toContain('permission denied')
  if (users.core)
    expect((await psql(users.core, 'countroom_monitor', 'select 1')).out).toMatch(/Peer authentication failed/)
  expect((await psql(users.exporter, 'countroom_app', 'select 1')).out).toMatch(/no password supplied/)
})

test('Redis tells its exporter of itself and gives it no key', async () => {
  const file = join(home, 'run/credentials/exporter/redis.json')
  const [password] = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)
  const ask = (...words: string[]) =>
    spawnQuietly(['redis-cli', '-s', redisSocket(view), '--user', 'exporter', '--no-auth-warning', ...words], {
      PATH: process.env.PATH,
      REDISCLI_AUTH: password,
    }).ended
  expect((await ask('info', 'server')).out).toContain('redis_version')
  for (const words of [
    ['get', 'a'],
    ['keys', '*'],
    ['config', 'get', '*'],
    ['acl', 'list'],
    ['client', 'list'],
    ['flushall'],
  ])
    expect((await ask(...words)).out, words.join(' ')).toContain('NOPERM')
})

test('Prometheus collects them by the inventory, every rule can be judged, and load makes no new series', async () => {
  const folder = join(home, 'monitoring')
  const written = await countroom(home, ['monitoring', folder, '--local', '--every', '1'])
  expect(written.code, written.out).toBe(0)
  const address = `127.0.0.1:${await freePort()}`
  const prometheus = spawn(
    'prometheus',
    [
      ...['--config.file', join(folder, 'prometheus.yml'), '--storage.tsdb.path', join(folder, 'data')],
      ...['--web.listen-address', address],
    ],
    { stdio: 'ignore' },
  )
  type Data = {
    activeTargets: Array<{ health: string; labels: { component: string } }>
    groups: Array<{ rules: Array<{ name: string; health: string; lastError?: string }> }>
    result: Array<{ value: [number, string] }>
  }
  const ask = async (what: string) => {
    const answer = await fetch(`http://${address}/api/v1/${what}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as { data: Data }).data : undefined
  }
  const series = async (job: string) => {
    const query = `query?query=${encodeURIComponent(`count({job="${job}"})`)}`
    return Number((await ask(query))?.result[0]?.value[1] ?? 0)
  }
  try {
    await until(
      'everybody heard',
      async () => {
        const heard = (await ask('targets'))?.activeTargets.filter(({ health }) => health === 'up')
        const components = heard?.map(({ labels }) => labels.component) ?? []
        return names.every((name) => components.includes(name)) && components.length === 8 ? true : undefined
      },
      60,
    )
    const rules = await until(
      'every rule judged',
      async () => {
        const all = (await ask('rules'))?.groups.flatMap((group) => group.rules) ?? []
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : undefined
      },
      60,
    )
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])

    await play(2) // until each kind of thing was asked for once
    const before = new Map<string, number>()
    for (const name of [...names, 'core-1', 'edge'])
      before.set(name, await until(name, async () => (await series(name)) || undefined))
    for (const name of names) expect(before.get(name)!, name).toBeLessThan(1500)
    await play(30)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    // A table or a command of Redis may be met for the first time; requests, players and rounds count for nothing.
    for (const name of names) expect((await series(name)) - before.get(name)!, name).toBeLessThan(60)
    for (const name of ['core-1', 'edge']) expect((await series(name)) - before.get(name)!, name).toBeLessThan(120)
  } finally {
    prometheus.kill()
    await new Promise((resolve) => prometheus.once('exit', resolve))
    rmSync(folder, { recursive: true, force: true })
  }
}, 200_000)

async function play(rounds: number): Promise<void> {
  const client = openClient(appliance.urls.lobby, { ca: join(home, 'tls/ca.pem') })
  await arrive(client, appliance.urls)
  await depositByCard(client, '100.00')
  for (let i = 0; i < rounds; i++) {
    const bet = { bets: [{ on: 'red', amount: '1.00' }] }
    const { round } = (
      await must(client.ask<{ round: string }>('POST', '/api/games/roulette-european/rounds', bet), 200)
    ).body
    await must(client.ask('GET', `/api/rounds/${round}`), 200)
  }
  await client.close()
}
