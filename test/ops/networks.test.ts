import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Command, systemCommand } from '#base'
import * as pki from '#pki'
import { openDatabase } from '../../core/host/database.ts'
import { openPlace, type Place } from '../../ops/appliance/certificates.ts'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { writeFolder } from '../../ops/monitoring/folder.ts'
import { targetsOf } from '../../ops/monitoring/targets.ts'
import { until } from '../support/client.ts'
import { freePort } from '../support/port.ts'

/**
 * Every port of an appliance whose engines listen for other machines and whose back office wants certificates: who gets in, and
 * who does not [S58].
 */
const dir = mkdtempSync(join(tmpdir(), 'cr-'))
let appliance: Appliance
let place: Place
let ca: Buffer
beforeAll(async () => {
  execFileSync('chmod', ['755', dir])
  writeFileSync(
    join(dir, 'countroom.json'),
    JSON.stringify({
      edgeWorkers: 1,
      dataAddress: '127.0.0.1',
      metricsAddress: '127.0.0.1',
      operatorCertificates: true,
    }),
  )
  appliance = await startAppliance({ home: dir, freePorts: true })
  const home = viewHome(dir)
  place = openPlace(home, readSettings(home))
  ca = readFileSync(appliance.card().ca)
})
afterAll(async () => {
  await place?.close()
  await appliance?.stop()
  rmSync(dir, { recursive: true, force: true })
})

type Shown = { key: string; cert: string }
/** A way in: answers true when somebody with this certificate is served. */
type Door = {
  role: pki.Role
  knock(shown: Shown | undefined, over?: ConnectionOptions): Promise<boolean>
  /** Comes in and stays; answers whether the connection still stands. */
  stay(shown: Shown): Promise<() => Promise<boolean>>
}

const doors: Record<string, Door> = {
  'core-1 player': { role: 'edge', ...coreDoor('core1Player') },
  'core-1 operator': { role: 'edge', ...coreDoor('core1Operator') },
  'core-1 partner': { role: 'edge', ...coreDoor('core1Partner') },
  'core-2 player': { role: 'edge', ...coreDoor('core2Player') },
  'the back office': { role: 'staff', ...door('operator', 'localhost', '/edge/health') },
  'core-1 metrics': { role: 'scraper', ...door('core1Scrape', 'core-1.countroom.internal', '/metrics') },
  'worker metrics': { role: 'scraper', ...door('workScrape', 'work-1.countroom.internal', '/metrics') },
  'edge metrics': { role: 'scraper', ...door('edgeScrape', 'edge.countroom.internal', '/metrics') },
  PostgreSQL: { role: 'core', knock: asksPostgres, stay: staysInPostgres },
  Redis: { role: 'core', knock: asksRedis, stay: staysInRedis },
}
const wrongRole: Record<string, pki.Role> = {
  edge: 'work',
  staff: 'ops',
  core: 'edge',
  scraper: 'ops',
}

describe.each(Object.entries(doors))('[S58] [GLI-B.4.3b] %s', (name, { role, knock, stay }) => {
  test('lets in who has a good certificate of the right role', async () => {
    expect(await knock(await enrolled(role))).toBe(true)
  })

  test('lets in nobody without a certificate', async () => {
    expect(await knock(undefined)).toBe(false)
  })

  test('lets in nobody in plain text', async () => {
    expect(await answersPlain(portOf(name))).toBe(false)
  })

  test('lets in nobody whose certificate has ended', async () => {
    expect(await knock(await enrolled(role, { now: new Date(Date.now() - 3 * 86_400_000) }))).toBe(false)
  })

  test('lets in nobody with a certificate of another authority', async () => {
    expect(await knock(selfMade(role))).toBe(false)
  })

  // Redis verifies the chain, that it is a client's, and asks for the password; it reads neither roles nor lists (SECURITY.md says so).
  test('lets in nobody of another role', async () => {
    if (name !== 'Redis') expect(await knock(await enrolled(wrongRole[role] ?? 'scraper'))).toBe(false)
    expect(await knock(await enrolled('public', { names: ['localhost'] }))).toBe(false)
  })

  test.runIf(name !== 'Redis')('a certificate that is taken back is let in nowhere within a second', async () => {
    await withinSecond(name, async () => {
      const component = fresh(role)
      const shown = await enrolled(role, { component })
      expect(await knock(shown)).toBe(true)
      return { component, isOut: async () => !(await knock(shown)) }
    })
    expect(await knock(await enrolled(role))).toBe(true) // and nobody else is shut out
  })

  test('who is connected when their certificate is taken back is cut off within a second, and nobody else', async () => {
    const other = await stay(await enrolled(role))
    await withinSecond(`${name}, connected`, async () => {
      const component = fresh(role)
      const stays = await stay(await enrolled(role, { component }))
      expect(await stays()).toBe(true)
      return { component, isOut: async () => !(await stays()) }
    })
    if (name !== 'Redis') expect(await other()).toBe(true) // Redis throws everybody out, with another password
  })

  test.runIf(name !== 'Redis')('a resumed session lets nobody in who was taken back meanwhile', async () => {
    const component = fresh(role)
    const shown = await enrolled(role, { component })
    const sessions: Buffer[] = []
    await knock(shown, { session: undefined, ...({ onSession: (s: Buffer) => sessions.push(s) } as object) })
    await place.sql.begin((tx) => pki.revoke(tx, command(), { component, reason: 'test' }))
    await until('the revocation', async () => ((await knock(shown)) ? undefined : true), 5)
    for (const session of sessions) expect(await knock(shown, { session })).toBe(false)
  })
})

test('[S58] older protocols are spoken on no port inside', async () => {
  for (const name of Object.keys(doors).filter((each) => each !== 'the back office')) {
    const shown = await enrolled(doors[name]!.role)
    expect(await doors[name]!.knock(shown, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), name).toBe(false)
  }
})

test('what the alarms ask for, cores, worker and edge tell', async () => {
  const rules = readFileSync(join(import.meta.dirname, '../../ops/monitoring/alerts/pki.yml'), 'utf8')
  const wanted = new Set(rules.match(/countroom_[a-z_]+/g))
  expect(wanted.size).toBe(3)
  const { ports } = appliance.card()
  for (const port of ['core1Metrics', 'workMetrics', 'edgeMetrics']) {
    const told = await (await fetch(`http://127.0.0.1:${ports[port]}/metrics`)).text()
    for (const name of wanted) expect(told, `${port} ${name}`).toMatch(new RegExp(`^${name}(\\{.*\\})? \\d{10}`, 'm'))
  }
})

test('[S58] Debian’s Prometheus, as `countroom monitoring` sets it up, hears everybody over mutual TLS and takes every rule', async () => {
  const folder = join(dir, 'monitoring')
  const home = viewHome(dir)
  const settings = readSettings(home)
  const groups = targetsOf({ ...settings, ports: { ...settings.ports, ...appliance.card().ports } }, false)
  writeFolder(folder, { node: settings.nodeName, groups, scraper: 'scraper-1', alertmanagers: [], everySeconds: 1 })
  const { key, cert } = await enrolled('scraper', { component: 'scraper-1' })
  mkdirSync(join(folder, 'tls'))
  for (const [name, text] of Object.entries({ 'ca.pem': ca, 'scraper-1.pem': cert, 'scraper-1.key': key }))
    writeFileSync(join(folder, 'tls', name), text)
  const address = `127.0.0.1:${await freePort()}`
  const prometheus = spawn(
    'prometheus',
    [
      ...['--config.file', join(folder, 'prometheus.yml'), '--storage.tsdb.path', join(folder, 'data')],
      ...['--web.listen-address', address],
    ],
    { stdio: 'ignore' },
  )
  type Told = {
    data: { activeTargets: Array<{ health: string }>; groups: Array<{ rules: Array<{ health: string }> }> }
  }
  const ask = async (what: string) => {
    const answer = await fetch(`http://${address}/api/v1/${what}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as Told).data : undefined
  }
  try {
    await until(
      'everybody heard',
      async () => {
        const heard = (await ask('targets'))?.activeTargets.map(({ health }) => health)
        return heard?.length === 4 && heard.every((health) => health === 'up') ? true : undefined
      },
      60,
    )
    const judged = await until(
      'every rule judged',
      async () => {
        const rules = (await ask('rules'))?.groups.flatMap((group) => group.rules.map(({ health }) => health)) ?? []
        return rules.length > 0 && rules.every((health) => health !== 'unknown') ? rules : undefined
      },
      60,
    )
    expect(new Set(judged)).toEqual(new Set(['ok']))
  } finally {
    const gone = new Promise((resolve) => prometheus.once('exit', resolve))
    prometheus.kill('SIGTERM')
    await gone
  }
}, 130_000)

test('[S58] the edge counts with other machines in Redis, over mutual TLS and as a user of its own', async () => {
  const { ports } = appliance.card()
  await until(
    'the edge to be in Redis',
    async () => {
      const told = await (await fetch(`http://127.0.0.1:${ports.edgeMetrics}/metrics`)).text()
      return /^countroom_edge_limits_together 1$/m.test(told) ? true : undefined
    },
    20,
  )
})

test('[S58] PostgreSQL takes a certificate for the role of its process alone, and nobody by password from outside [GLI-B.7.1d-ii]', async () => {
  const own = { core: 'countroom_app', work: 'countroom_work' } as const
  const secrets = {
    postgres: 'postgres-admin',
    countroom_owner: 'postgres-owner',
    countroom_app: 'postgres-app',
    countroom_work: 'postgres-work',
  } as const
  for (const process of ['core', 'work'] as const) {
    const shown = await enrolled(process)
    for (const [user, secret] of Object.entries(secrets)) {
      const isIn = await asksPostgres(shown, {}, user, readSecretFile(viewHome(dir), secret))
      expect(isIn, `${process} as ${user}`).toBe(user === own[process])
    }
  }
})

test('[S58] with a certificate that was taken back, the password of Redis opens nothing any more, and cores and worker have the new one', async () => {
  const component = fresh('core')
  const shown = await enrolled('core', { component })
  await until('cores and worker, from what went before', async () => (await hearAll()) || undefined, 10)
  const password = readSecretFile(viewHome(dir), 'redis')
  const stolen = await redisOf(shown, {}, password)
  expect(await stolen.ping()).toBe('PONG')
  await place.sql.begin((tx) => pki.revoke(tx, command(), { component, reason: 'test' }))
  const began = performance.now()
  await until(
    'another password',
    async () => (readSecretFile(viewHome(dir), 'redis') === password ? undefined : true),
    5,
  )
  const again = await redisOf(shown, {}, password)
  await expect(again.ping()).rejects.toThrow(/WRONGPASS|NOAUTH|closed/)
  for (const redis of [stolen, again]) redis.disconnect()
  expect(await asksRedis(await enrolled('core'))).toBe(true)
  await until('cores and worker with the new one', async () => (await hearAll()) || undefined, 10)
  told.push(`cores and worker back in Redis: ${Math.round(performance.now() - began)} ms`)
})

/** Whether both cores and the worker, each as its own user where it has one, listen to Redis with the password of now. */
async function hearAll(): Promise<boolean> {
  const redis = await redisOf(await enrolled('core'), {}, readSecretFile(viewHome(dir), 'redis'))
  try {
    const ports = String(await redis.call('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => / cmd=psubscribe /.test(line))
      .map((line) => Number(/ addr=\S*:(\d+) /.exec(line)?.[1]))
    const { users } = findIdentities()
    const own = [users.core, users.core, users.work].map((user) => user?.uid ?? process.getuid?.())
    const found = ports.map((port) => connectionsTo('redis').find(({ from }) => from === port)?.uid)
    return JSON.stringify(found.toSorted()) === JSON.stringify(own.toSorted())
  } catch {
    return false // the password has changed between
  } finally {
    redis.disconnect()
  }
}

test('Redis asks whoever has a certificate for the password too', async () => {
  const redis = await redisOf(await enrolled('core'), {}, '')
  await expect(redis.ping()).rejects.toThrow(/NOAUTH/)
  redis.disconnect()
})

test('who shows no certificate in the back office is told so, and may still enrol a component', async () => {
  const { operator } = appliance.urls
  const ask = (path: string, body?: string) =>
    execFileSync(
      'curl',
      [
        ...['-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', appliance.card().ca, `${operator}${path}`],
        ...(body ? ['-H', 'content-type: application/json', '-H', `origin: ${operator.slice(0, -1)}`, '-d', body] : []),
      ],
      { encoding: 'utf8' },
    )
  expect(ask('api/me')).toBe('403')
  expect(ask('pki/revoked.pem')).toBe('200')
  const { request } = await pki.newRequest('x')
  expect(ask('api/pki/enrolments/use', JSON.stringify({ token: 'guess', request }))).toBe('401')
})

test('a core that is taken back gets nothing more from the edge, not even over what was open', async () => {
  const health = async () => (await fetch(`http://127.0.0.1:${appliance.card().ports.edgeMetrics}/metrics`)).text()
  const isOut = async () => /^countroom_edge_core_healthy\{core="core-2"\} 0$/m.test(await health())
  expect([await isOut(), connectionsTo('core2Player').length > 0]).toEqual([false, true])
  await place.sql.begin((tx) => pki.revoke(tx, command(), { component: 'core-2', reason: 'test' }))
  const began = performance.now()
  await until('the edge to leave it', async () => ((await isOut()) ? true : undefined), 5)
  told.push(`edge to core-2, connected: ${Math.round(performance.now() - began)} ms`)
  expect(performance.now() - began).toBeLessThan(1500) // one probe of the edge more
  await until('its connections to end', async () => (connectionsTo('core2Player').length === 0 ? true : undefined), 2)
})

/** Connections that stand to a port of this machine, and whose they are (proc_pid_net(5)). */
function connectionsTo(port: string): Array<{ from: number; uid: number }> {
  const remote = `:${(appliance.card().ports[port] ?? 0).toString(16).padStart(4, '0').toUpperCase()}`
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , to, state]) => to?.endsWith(remote) && state === '01')
    .map(([, from, , , , , , uid]) => ({ from: Number.parseInt(from?.split(':')[1] ?? '', 16), uid: Number(uid) }))
}

type Watched = { component: string; isOut(): Promise<boolean> }

/** From the revocation until it holds, in milliseconds. Where the machine is busy with something else, it is tried again. */
async function withinSecond(what: string, begin: () => Promise<Watched>): Promise<void> {
  const took: number[] = []
  while (took.length < 3 && !took.some((ms) => ms < 1000)) {
    const { component, isOut } = await begin()
    await place.sql.begin((tx) => pki.revoke(tx, command(), { component, reason: 'test' }))
    const began = performance.now()
    while (!(await isOut())) {
      if (performance.now() - began > 5000) throw new Error(`${what}: not within 5 s`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    took.push(Math.round(performance.now() - began))
  }
  told.push(`${what}: ${took.join(', ')} ms`)
  expect(Math.min(...took), what).toBeLessThan(1000)
}

/** How long each took, for who reads the log. */
const told: string[] = []
afterAll(() => process.stdout.write(`${told.join('\n')}\n`))

let count = 0
function fresh(role: pki.Role): string {
  count++
  return `t-${role}-${count}`
}

function command(now = new Date()): pki.SigningCommand {
  return { ...(systemCommand('test', now) as Command), keys: place.keys }
}

async function enrolled(
  role: pki.Role,
  { component = fresh(role), now = new Date(), names }: { component?: string; now?: Date; names?: string[] } = {},
): Promise<Shown> {
  const { key, request } = await pki.newRequest(component)
  const { chain } = (await place.sql.begin(async (tx) => {
    const { token } = await pki.offer(tx, command(now), { role, component, ...(names ? { names } : {}) })
    const application = (await pki.apply(tx, command(now), { token, request })) as pki.Application
    return pki.issue(tx, command(now), { request: application.request, lifeSeconds: 86_400 })
  })) as pki.Issued
  return { key, cert: chain }
}

/** As good as ours in every word, but signed by itself. */
function selfMade(role: pki.Role): Shown {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const file = join(dir, 'self.key')
  writeFileSync(file, key)
  const cert = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-key', file, '-days', '2', '-subj', `/OU=${role}/CN=${role}.countroom.internal`],
      ...['-addext', `subjectAltName=URI:urn:countroom:role:${role},DNS:${role}.countroom.internal`],
      ...['-addext', 'extendedKeyUsage=clientAuth,serverAuth'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  return { key, cert }
}

function portOf(name: string): number {
  const { ports } = appliance.card()
  const names: Record<string, string> = {
    'core-1 player': 'core1Player',
    'core-1 operator': 'core1Operator',
    'core-1 partner': 'core1Partner',
    'core-2 player': 'core2Player',
    'the back office': 'operator',
    'core-1 metrics': 'core1Scrape',
    'worker metrics': 'workScrape',
    'edge metrics': 'edgeScrape',
    PostgreSQL: 'postgres',
    Redis: 'redis',
  }
  return ports[names[name] ?? ''] ?? 0
}

function coreDoor(port: string) {
  return door(port, `${port.startsWith('core1') ? 'core-1' : 'core-2'}.countroom.internal`, '/health/ready')
}

function door(port: string, servername: string, path: string): Pick<Door, 'knock' | 'stay'> {
  const number = () => appliance.card().ports[port] ?? 0
  return {
    knock: (shown, over = {}) => isServed(number(), servername, path, shown, over),
    stay: (shown) => staysConnected(number(), servername, path, shown),
  }
}

/** What stays open until its test is over; later ones count connections. */
const held: Array<() => unknown> = []
afterEach(() => Promise.all(held.splice(0).map((letGo) => letGo())))

/** Asks once and stays, as who keeps connections for the next request does. */
function staysConnected(port: number, servername: string, path: string, shown: Shown): Promise<() => Promise<boolean>> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, servername, ...shown }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
    )
    let open = true
    held.push(() => socket.destroy())
    socket.once('data', () => resolve(async () => open))
    socket.once('error', reject)
    socket.once('close', () => {
      open = false
    })
  })
}

/** One request over a connection of its own. */
function isServed(
  port: number,
  servername: string,
  path: string,
  shown: Shown | undefined,
  over: ConnectionOptions & { onSession?: (session: Buffer) => void },
): Promise<boolean> {
  const { onSession, ...options } = over
  return new Promise((resolve) => {
    let heard = ''
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, servername, ...shown, ...options }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
    )
    const done = () => resolve(heard.startsWith('HTTP/1.1 200'))
    if (onSession) socket.on('session', onSession)
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', done)
    socket.on('close', done)
  })
}

async function asksPostgres(
  shown: Shown | undefined,
  over: ConnectionOptions & { onSession?: unknown } = {},
  user = 'countroom_app',
  password = readSecretFile(viewHome(dir), 'postgres-app'),
): Promise<boolean> {
  const { onSession: _, ...options } = over
  const sql = postgresOf(shown, options, user, password)
  try {
    const [row] = await sql<Array<{ ssl: boolean }>>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
    return row?.ssl === true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function postgresOf(
  shown: Shown | undefined,
  options: ConnectionOptions = {},
  user = 'countroom_app',
  password = readSecretFile(viewHome(dir), 'postgres-app'),
) {
  return openDatabase({
    host: '127.0.0.1',
    port: appliance.card().ports.postgres ?? 0,
    database: 'countroom',
    user,
    password,
    poolMax: 1,
    tls: () => ({ ca, servername: 'postgres.countroom.internal', ...shown, ...options }),
  })
}

async function staysInPostgres(shown: Shown): Promise<() => Promise<boolean>> {
  const sql = postgresOf(shown)
  held.push(() => sql.end({ timeout: 1 }))
  const [row] = await sql<Array<{ pid: number }>>`select pg_backend_pid() as pid`
  return async () => {
    const [found] = await place.sql`select from pg_stat_activity where pid = ${row?.pid ?? 0}`
    return found !== undefined
  }
}

async function staysInRedis(shown: Shown): Promise<() => Promise<boolean>> {
  const redis = await redisOf(shown, {}, readSecretFile(viewHome(dir), 'redis'))
  held.push(() => redis.disconnect())
  await redis.ping()
  return async () => redis.status === 'ready'
}

async function asksRedis(shown: Shown | undefined, over: ConnectionOptions = {}): Promise<boolean> {
  const redis = await redisOf(shown, over, readSecretFile(viewHome(dir), 'redis'))
  try {
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

async function redisOf(shown: Shown | undefined, over: ConnectionOptions, password: string): Promise<Redis> {
  const redis = new Redis({
    host: '127.0.0.1',
    port: appliance.card().ports.redis ?? 0,
    tls: { ca, servername: 'redis.countroom.internal', ...shown, ...over },
    ...(password ? { password } : {}),
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  })
  redis.on('error', () => {})
  return redis
}

/** Does the port say anything sensible to who speaks no TLS? */
function answersPlain(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = connectPlain({ host: '127.0.0.1', port }, () => {
      socket.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\nPING\r\n')
    })
    const done = () => {
      socket.destroy()
      resolve(/HTTP\/1\.1 200|PONG/.test(heard))
    }
    socket.setTimeout(1000, done)
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', done)
    socket.on('close', done)
  })
}
