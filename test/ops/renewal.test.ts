import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect as connectDatabase } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, depositByCard, openClient } from '../support/client.ts'

/** A whole life of every certificate of an appliance, in seconds, while it is used. */
const lifeSeconds = 16
const home = mkdtempSync(join(tmpdir(), 'cr-'))
let appliance: Appliance
beforeAll(async () => {
  chmodSync(home, 0o755)
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, dataAddress: '127.0.0.1' }))
  appliance = await startAppliance({ home, freePorts: true, lives: { lifeSeconds, lookSeconds: 0.5 } })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('certificates are renewed under play: no bet, no connection and no session is lost, and new handshakes show the new ones', async () => {
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca, connections: 4 })
  await arrive(client, appliance.urls)
  await depositByCard(client, '100.00')
  const began = Date.now()
  const before = await shown()
  const kept = await keptConnections()
  const failures: string[] = []
  let bets = 0
  const playing = Array.from({ length: 2 }, async () => {
    while (Date.now() - began < (lifeSeconds + 3) * 1000) {
      const bet = { bets: [{ on: 'red', amount: '0.10' }] }
      const answer = await client
        .ask('POST', '/api/games/roulette-european/rounds', bet, { 'idempotency-key': randomUUID() })
        .catch((error: Error) => ({ status: 0, raw: error.message }))
      if (answer.status === 200) bets++
      else failures.push(`${answer.status} ${answer.raw}`)
    }
  })
  await Promise.all(playing)
  const after = await shown()

  expect(failures).toEqual([])
  expect(bets).toBeGreaterThan(100)
  for (const [name, serial] of Object.entries(before)) expect(after[name], name).not.toBe(serial)
  for (const socket of kept) expect(socket.destroyed).toBe(false)
  for (const socket of kept) expect(await askAgain(socket)).toContain('200 OK')
  for (const socket of kept) socket.destroy()
  expect(appliance.processes().map(({ name, restarts }) => `${name} ${restarts}`)).toEqual(
    appliance.processes().map(({ name }) => `${name} 0`),
  )
  // More at once than connections were open: the edge meets cores, and cores PostgreSQL, anew.
  const crowd = openClient(appliance.urls.lobby, { ca: appliance.card().ca, connections: 40 })
  const answers = await Promise.all(Array.from({ length: 40 }, () => crowd.ask('GET', '/api/games')))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  await crowd.close()
  await client.close()

  // Every certificate that was shown at the beginning has ended since; whoever went on did so by a renewed one.
  const first = [...new Set(Object.values(before))]
  const sql = connectDatabase(viewHome(home), 'app')
  const [row] = await sql<Array<{ ended: number }>>`
    select count(*)::int as ended from pki.certificates where not_after < now() and serial = any (${first})`
  const opened = await sql<Array<{ ssl: boolean }>>`
    select s.ssl from pg_stat_activity a join pg_stat_ssl s using (pid) where a.application_name like 'core-%'`
  await sql.end()
  expect(row?.ended).toBe(first.length)
  expect(opened.length).toBeGreaterThan(0)
  expect(opened.every(({ ssl }) => ssl)).toBe(true)
})

/** The serial each listener shows to a new connection. */
async function shown(): Promise<Record<string, string>> {
  const { ports } = appliance.card()
  const names = ['player', 'operator', 'partner', 'core1Player', 'core2Operator', 'redis', 'postgres']
  const serials = names.map(async (name) => [name, await serialAt(ports[name] ?? 0, name === 'postgres')] as const)
  return Object.fromEntries(await Promise.all(serials))
}

function serialAt(port: number, postgres: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const raw = connectPlain({ host: '127.0.0.1', port })
    raw.once('error', reject)
    const secure = () => {
      const socket = connect({ socket: raw, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().serialNumber.toLowerCase())
        socket.destroy()
      })
      socket.once('error', reject)
    }
    if (!postgres) return secure()
    raw.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])) // SSLRequest
    raw.once('data', secure)
  })
}

/** Connections that stay open throughout: a browser's to the edge, and an edge's to a core. */
async function keptConnections(): Promise<TLSSocket[]> {
  const { ports, ca } = appliance.card()
  const tls = (file: string) => readFileSync(join(home, 'tls', file))
  const edge = { key: tls('edge.key'), cert: tls('edge.pem') }
  const sockets = [
    connect({ host: '127.0.0.1', port: ports.player ?? 0, ca: readFileSync(ca), servername: 'localhost' }),
    connect({ port: ports.core1Player ?? 0, ca: readFileSync(ca), servername: 'core-1.countroom.internal', ...edge }),
  ]
  for (const socket of sockets) {
    expect(await askAgain(socket)).toContain('200 OK')
    const again = setInterval(() => void askAgain(socket).catch(() => {}), 5000) // or the edge would close it as idle
    socket.once('close', () => clearInterval(again))
  }
  return sockets
}

let asking: Promise<unknown> = Promise.resolve()

/** One request on a connection that stays; one at a time. */
function askAgain(socket: TLSSocket): Promise<string> {
  const next = asking.then(
    () =>
      new Promise<string>((resolve, reject) => {
        socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')))
        socket.once('error', reject)
        socket.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n')
      }),
  )
  asking = next.catch(() => {})
  return next
}
