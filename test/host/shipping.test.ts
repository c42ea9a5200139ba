import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  createReadStream,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer, type Server } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Config } from '../../core/host/config.ts'
import { createLog } from '../../core/host/log.ts'
import { sealOnce } from '../../core/host/sealer.ts'
import type { Destination } from '../../core/host/shipping/destination.ts'
import { fileDestination } from '../../core/host/shipping/file.ts'
import { openShipping } from '../../core/host/shipping/shipper.ts'
import { syslogDestination } from '../../core/host/shipping/syslog.ts'
import { until } from '../support/client.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestKeys, type TestKeys } from '../support/keys.ts'

/** The audit log at its second place: a file, and a real syslog server over TLS. */
let db: TestDatabase
let agent: TestKeys
let dir: string
beforeAll(async () => {
  agent = await startTestKeys()
  dir = mkdtempSync(join(tmpdir(), 'cr-ship-'))
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=log',
      '-addext',
      'subjectAltName=DNS:log.example',
      '-keyout',
      join(dir, 'key.pem'),
      '-out',
      join(dir, 'cert.pem'),
    ],
    { stdio: 'ignore' },
  )
})
afterAll(async () => {
  await agent.stop()
  rmSync(dir, { recursive: true })
})

let file: string
let files = 0
let steps: ReturnType<typeof openShipping>[]
beforeEach(async () => {
  db = await openTestDatabase()
  await agent.as('ops').beginLog('test/log') // each test has a log of its own
  file = join(dir, `audit-${++files}.jsonl`)
  steps = []
})
afterEach(async () => {
  for (const step of steps) await step.close()
  await db.stop()
})

const config = { name: 'work-9', audit: { origin: 'test/log' } } as unknown as Config
const log = createLog('test', 'silent')
const host = () => ({ sql: db.work, log, now: () => new Date(), config })
const shipTo = (destination: Destination) => {
  const step = openShipping(host(), destination)
  steps.push(step)
  return step
}
async function happen(count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await db.sql.begin((tx) =>
      audit.record(tx, systemCommand('test'), {
        action: 'players.viewed_in_full',
        subject: `x${n}`,
        reason: 'ünï\n"{',
      }),
    )
  while (await sealOnce({ ...host(), keys: agent.as('work') }));
}
const proofOf = (path: string) => audit.verifyShipped(createInterface({ input: createReadStream(path) }))
const position = () => audit.shippingPosition(db.sql)
const faults = async () =>
  (await audit.search(db.sql, { code: 'audit.shipping_failed', limit: 9 })).map(({ detail }) => detail?.cause)

test('every event stands in the file once, in order, byte for byte, and nothing waits any more [S52]', async () => {
  const step = shipTo(fileDestination(file))
  await happen(30)
  await step.ship()
  await happen(20)
  await step.ship()
  await step.ship()
  const proof = await proofOf(file)
  expect(proof).toMatchObject({ ok: true, count: 50, first: 1n, repeated: 0, foreign: 0 })
  expect(proof.last?.hash).toEqual((await position()).hash)
  const entries = await db.sql<Array<{ entry: string }>>`select entry from audit.events order by id`
  const shipped = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.stringify(JSON.parse(line).entry))
  expect(shipped.sort()).toEqual(entries.map(({ entry }) => JSON.stringify(JSON.parse(entry))).sort())
  expect(await audit.shippingLag(db.sql)).toEqual({ waiting: 0, oldest: null, fault: null })
  await db.sql.begin((tx) => audit.record(tx, systemCommand('test'), { action: 'staff.signed_in', subject: 'x' }))
  expect(await audit.shippingLag(db.sql)).toMatchObject({ waiting: 1 })
})

test('a worker that died after it wrote and before it said so leaves neither a gap nor a line twice', async () => {
  await happen(10)
  await shipTo(fileDestination(file)).ship()
  await db.work`update audit.shipping set index = -1, number = 0, hash = ${Buffer.alloc(32)}, held_until = '-infinity'`
  appendFileSync(file, '{"number":11,"previous":"torn')
  const next = shipTo(fileDestination(file))
  await next.ship()
  await next.ship()
  expect((await position()).number, 'what the file has counts as arrived').toBe(10n)
  await happen(5)
  await next.ship()
  expect(await proofOf(file)).toMatchObject({ ok: true, count: 15, repeated: 0, foreign: 1 })
  expect(await faults()).toEqual([])
})

test('of two workers one ships at a time, and the other goes on when it is gone', async () => {
  const [one, other] = [shipTo(fileDestination(file)), shipTo(fileDestination(file))]
  await happen(5)
  await one.ship()
  await db.work`update audit.shipping set holder = 'work-8 1'` // as if it were another process
  await happen(5)
  expect(await other.ship()).toBe(false)
  expect((await position()).number).toBe(5n)
  await db.work`update audit.shipping set held_until = '-infinity'`
  await other.ship()
  expect(await proofOf(file)).toMatchObject({ ok: true, count: 10 })
})

const spoilt: Array<[name: string, spoil: () => void, found: RegExp, cause: RegExp | undefined]> = [
  ['a line that was taken out', () => edit((lines) => lines.toSpliced(4, 1)), /^lines 5 to 5 are missing$/, undefined],
  [
    'a line that was changed',
    () => edit((lines) => lines.with(4, lines[4]!.replace('"x4"', '"y4"'))),
    /^line 5 was changed$/,
    undefined,
  ],
  [
    'two lines that changed places',
    () => edit((lines) => lines.toSpliced(3, 2, lines[4]!, lines[3]!)),
    /^lines 4 to 4 are missing$/,
    undefined,
  ],
  [
    'a beginning that was replaced',
    () => edit((lines) => lines.toSpliced(0, 1, lines[0]!.replace(/"previous":"0/, '"previous":"1'))),
    /^line 1 was changed$/,
    undefined,
  ],
  [
    'an end that was cut off',
    () => edit((lines) => lines.slice(0, 7)),
    /^lines 8 to 10 are missing$/,
    /^it ends with line 7, not with line 10$/,
  ],
  ['a file that was emptied', () => truncateSync(file), /^$/, /^it ends with line 0, not with line 10$/],
  [
    'a file that was taken away',
    () => renameSync(file, `${file}.away`),
    /^$/,
    /^it ends with line 0, not with line 10$/,
  ],
]
test.each(spoilt)(
  '%s is found at the second place, and by us where we can see it [S52]',
  async (_, spoil, found, cause) => {
    await happen(10)
    const step = shipTo(fileDestination(file))
    await step.ship()
    await step.close()
    spoil()
    await happen(3)
    const again = shipTo(fileDestination(file))
    await again.ship()
    const proof = await proofOf(file)
    if (found.source !== '^$') expect(proof).toMatchObject({ ok: false, firstBad: expect.stringMatching(found) })
    else expect(proof.first).toBe(11n) // it tells that ten are not here
    const told = await faults()
    expect(told).toHaveLength(cause ? 1 : 0)
    if (cause) expect(told[0]).toMatch(cause)
    expect((await audit.shippingLag(db.sql)).fault === null).toBe(cause === undefined)
  },
)

test('over TLS to a syslog server: framed, parseable, in order; what may be lost in a broken connection comes again', async () => {
  const server = await syslogServer()
  const step = shipTo({ ...syslogDestination(server.address(), 'work-9'), settleMs: 300 })
  await happen(12)
  await step.ship()
  await until('twelve messages', async () => (server.messages.length >= 12 ? true : undefined))
  expect(server.messages[0]).toMatch(
    /^<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ work-9 - players\.viewed_in_full - \{"number":1,/,
  )
  expect((await position()).number, 'not counted before it settled').toBe(0n)
  await new Promise((resolve) => setTimeout(resolve, 350))
  await step.ship()
  expect((await position()).number).toBe(12n)

  const breaks = async (last: number) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    await happen(2)
    await expect(step.ship()).rejects.toThrow(/connection|EPIPE|ECONNRESET/)
    await step.ship()
    await until('the last message', async () =>
      server.messages.at(-1)?.includes(`"number":${last},`) ? true : undefined,
    )
    await new Promise((resolve) => setTimeout(resolve, 350))
    await step.ship()
  }
  await happen(3)
  await step.ship()
  server.cut() // before it has read them
  await breaks(17)
  await happen(3)
  await step.ship()
  await until('twenty messages', async () => (server.messages.at(-1)?.includes('"number":20,') ? true : undefined))
  server.cut() // after it has
  await breaks(22)
  writeFileSync(file, server.messages.map((text) => `${text}\n`).join(''))
  const proof = await proofOf(file)
  expect(proof).toMatchObject({ ok: true, count: 22, first: 1n, foreign: 0 })
  expect(proof.repeated).toBe(3)
  await server.stop()
})

test('a server that is away, or that is somebody else, takes nothing; nothing is lost meanwhile', async () => {
  const server = await syslogServer()
  const wrongName = shipTo(syslogDestination({ ...server.address(), serverName: 'other.example' }, 'work-9'))
  await happen(3)
  await expect(wrongName.ship()).rejects.toThrow(/ERR_TLS_CERT_ALTNAME_INVALID|Hostname|altnames/i)
  const { port } = server.address()
  await server.stop()
  const step = shipTo(syslogDestination({ ...server.address(), port }, 'work-9'))
  await expect(step.ship()).rejects.toThrow(/ECONNREFUSED/)
  expect(await audit.shippingLag(db.sql)).toMatchObject({ waiting: 3 })
})

function edit(change: (lines: string[]) => string[]): void {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  writeFileSync(
    file,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

/** Reads frames by octet counting, as RFC 5425 has them. */
async function syslogServer() {
  const messages: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer(
    { key: readFileSync(join(dir, 'key.pem')), cert: readFileSync(join(dir, 'cert.pem')) },
    (socket) => {
      sockets.add(socket)
      let waiting = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        waiting = Buffer.concat([waiting, chunk])
        for (;;) {
          const space = waiting.indexOf(' ')
          const length = Number(waiting.subarray(0, Math.max(space, 0)).toString())
          if (space < 1 || waiting.length < space + 1 + length) return
          messages.push(waiting.subarray(space + 1, space + 1 + length).toString('utf8'))
          waiting = waiting.subarray(space + 1 + length)
        }
      })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    messages,
    address: () => ({ host: '127.0.0.1', port, caFile: join(dir, 'cert.pem'), serverName: 'log.example' }),
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
