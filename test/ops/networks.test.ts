import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Command, systemCommand } from '#base'
import * as pki from '#pki'
import { openDatabase } from '../../core/host/database.ts'
import { openPlace, type Place } from '../../ops/appliance/certificates.ts'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { until } from '../support/client.ts'

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
type Door = { role: pki.Role; knock(shown: Shown | undefined, over?: ConnectionOptions): Promise<boolean> }

const doors: Record<string, Door> = {
  'core-1 player': { role: 'edge', knock: (shown, over) => asksCore('core1Player', shown, over) },
  'core-1 operator': { role: 'edge', knock: (shown, over) => asksCore('core1Operator', shown, over) },
  'core-1 partner': { role: 'edge', knock: (shown, over) => asksCore('core1Partner', shown, over) },
  'core-2 player': { role: 'edge', knock: (shown, over) => asksCore('core2Player', shown, over) },
  'the back office': { role: 'staff', knock: asksBackOffice },
  'core-1 metrics': { role: 'scraper', knock: (shown, over) => asksMetrics('core1Scrape', 'core-1', shown, over) },
  'worker metrics': { role: 'scraper', knock: (shown, over) => asksMetrics('workScrape', 'work-1', shown, over) },
  'edge metrics': { role: 'scraper', knock: (shown, over) => asksMetrics('edgeScrape', 'edge', shown, over) },
  PostgreSQL: { role: 'core', knock: asksPostgres },
  Redis: { role: 'core', knock: asksRedis },
}
const wrongRole: Record<string, pki.Role> = {
  edge: 'work',
  staff: 'ops',
  core: 'edge',
  scraper: 'ops',
}

describe.each(Object.entries(doors))('[S58] %s', (name, { role, knock }) => {
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

  // Redis verifies the chain and asks for the password; it reads neither roles nor lists (SECURITY.md says so).
  test('lets in nobody of another role', async () => {
    expect(await knock(await enrolled(name === 'Redis' ? 'postgres' : (wrongRole[role] ?? 'scraper')))).toBe(false)
    expect(await knock(await enrolled('public', { names: ['localhost'] }))).toBe(false)
  })

  test.runIf(name !== 'Redis')('a certificate that is taken back is let in nowhere within a second', async () => {
    const component = fresh(role)
    const shown = await enrolled(role, { component })
    expect(await knock(shown)).toBe(true)
    await place.sql.begin((tx) => pki.revoke(tx, command(), { component, reason: 'test' }))
    const began = performance.now()
    while (await knock(shown)) if (performance.now() - began > 5000) throw new Error('still let in after 5 s')
    expect(performance.now() - began).toBeLessThan(1500)
    expect(await knock(await enrolled(role))).toBe(true) // and nobody else is shut out
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

test('[S58] PostgreSQL takes a certificate for the application alone, and nobody by password from outside', async () => {
  const shown = await enrolled('core')
  for (const user of ['postgres', 'countroom_owner']) {
    const password = readSecretFile(viewHome(dir), user === 'postgres' ? 'postgres-admin' : 'postgres-owner')
    expect(await asksPostgres(shown, {}, user, password), user).toBe(false)
  }
})

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

function asksCore(port: string, shown: Shown | undefined, over: ConnectionOptions = {}): Promise<boolean> {
  const core = port.startsWith('core1') ? 'core-1' : 'core-2'
  return isServed(appliance.card().ports[port] ?? 0, `${core}.countroom.internal`, '/health/ready', shown, over)
}

function asksMetrics(port: string, name: string, shown: Shown | undefined, over: ConnectionOptions = {}) {
  return isServed(appliance.card().ports[port] ?? 0, `${name}.countroom.internal`, '/metrics', shown, over)
}

function asksBackOffice(shown: Shown | undefined, over: ConnectionOptions = {}): Promise<boolean> {
  return isServed(appliance.card().ports.operator ?? 0, 'localhost', '/edge/health', shown, over)
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
  const sql = openDatabase({
    host: '127.0.0.1',
    port: appliance.card().ports.postgres ?? 0,
    database: 'countroom',
    user,
    password,
    poolMax: 1,
    tls: () => ({ ca, servername: 'postgres.countroom.internal', ...shown, ...options }),
  })
  try {
    const [row] = await sql<Array<{ ssl: boolean }>>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
    return row?.ssl === true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
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
