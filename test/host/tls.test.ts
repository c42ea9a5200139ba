import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import * as pki from '#pki'
import { createRoutes } from '../../core/host/face.ts'
import { listenFace } from '../../core/host/listen.ts'
import { createLog } from '../../core/host/log.ts'
import { openTls, type Tls } from '../../core/host/tls.ts'
import { openCertificates } from '../../edge/tls/files.ts'
import { watchPeers } from '../../edge/tls/peers.ts'
import { type Enrolled, openTestAuthority, type TestAuthority } from '../support/authority.ts'
import { until } from '../support/client.ts'

/** A private listener of a core and its files, as they change under it. */
let authority: TestAuthority
let edge: Enrolled
let dir: string
let tls: Tls
let server: Server
beforeAll(async () => {
  authority = await openTestAuthority()
  edge = await authority.enrol('edge', 'edge')
})
afterAll(() => authority.stop())

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cr-tls-'))
  put(await authority.enrol('core', 'core-1'))
  replace('ca.pem', await authority.anchors())
  replace('revoked.pem', (await authority.lists()).join(''))
  const file = (name: string) => join(dir, name)
  tls = openTls(
    { ca: file('ca.pem'), cert: file('core.pem'), key: file('core.key'), crl: file('revoked.pem') },
    createLog('test', 'silent'),
  )
  const app = createRoutes()
  app.get('/', (c) => c.text('served'))
  const limits = { headerBytesMax: 16_384, requestSecondsMax: 5 }
  server = await listenFace({ limits, database: {} } as never, tls, { host: '127.0.0.1', port: 0 }, app)
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  tls.close()
  rmSync(dir, { recursive: true, force: true })
})

test('a new certificate is shown to the next connection, and those that are open stay', async () => {
  const before = await open()
  const renewed = await authority.enrol('core', 'core-1')
  put(renewed)
  await until('the new certificate', async () => ((await serialShown()) === renewed.serial ? true : undefined), 3)
  expect(await before.ask()).toContain('served')
  before.close()
})

test('between a new key and its certificate the old pair goes on', async () => {
  const serial = await serialShown()
  const renewed = await authority.enrol('core', 'core-1')
  replace('core.key', renewed.key)
  await pause(700)
  expect(await serialShown()).toBe(serial)
  replace('core.pem', renewed.chain)
  await until('the new certificate', async () => ((await serialShown()) === renewed.serial ? true : undefined), 3)
})

test('a revocation list that is not renewed ends, and then nobody is let in', async () => {
  expect(await isLetIn()).toBe(true)
  replace('revoked.pem', await shortLists(2))
  await pause(600)
  expect(await isLetIn()).toBe(true)
  await pause(2000)
  expect(await isLetIn()).toBe(false)
  replace('revoked.pem', (await authority.lists()).join(''))
  await until('a list that is good', async () => ((await isLetIn()) ? true : undefined), 3)
})

test('a list that is gone, cut short or of another authority opens no door', async () => {
  const other = await openTestAuthority()
  const foreign = (await other.lists()).join('')
  await other.stop()
  const gone = await authority.enrol('edge', 'gone')
  await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'gone', reason: 'test' }))
  const good = (await authority.lists()).join('')
  for (const [content, opens] of [
    [good, true],
    ['', true], // nothing to read: what was read last holds, until it ends
    [good.slice(0, 200), true],
    [foreign, false], // whole, but says nothing of who comes: OpenSSL wants the list of the very issuer
  ] as const) {
    replace('revoked.pem', content)
    await pause(600)
    expect(await isLetIn(), content.slice(0, 60)).toBe(opens)
    expect(await isLetIn(gone), content.slice(0, 60)).toBe(false)
  }
})

test('who is taken back is cut off in what is open, and nobody else', async () => {
  const gone = await authority.enrol('edge', 'taken-back')
  const [theirs, ours] = [await open(gone), await open()]
  expect(await theirs.ask()).toContain('served')
  await authority.act((tx) => pki.revoke(tx, authority.command(), { component: 'taken-back', reason: 'test' }))
  replace('revoked.pem', (await authority.lists()).join(''))
  await until('the end of it', async () => (theirs.isOpen() ? undefined : true), 3)
  expect(await ours.ask()).toContain('served')
  ours.close()
})

test('the edge cuts off who is taken back as well, and is no worse off for who was refused already', async () => {
  const certificates = openCertificates({
    cert: join(dir, 'core.pem'),
    key: join(dir, 'core.key'),
    ca: join(dir, 'ca.pem'),
    crl: join(dir, 'revoked.pem'),
  })
  const watch = watchPeers(certificates)
  const before = await open()
  const renewed = await authority.enrol('core', 'core-1')
  put(renewed)
  await until('the certificate', async () => ((await serialShown()) === renewed.serial ? true : undefined), 3)
  const after = await open()
  for (const { socket } of [before, after]) watch(socket)
  watch(new TLSSocket(new Socket()).destroy())
  await authority.act((tx) => pki.revoke(tx, authority.command(), { serial: before.serial, reason: 'test' }))
  replace('revoked.pem', (await authority.lists()).join(''))
  await until('the end of it', async () => (before.isOpen() ? undefined : true), 3)
  expect(after.isOpen()).toBe(true)
  after.close()
  certificates.close()
})

test('the edge reads the same files by the same rules', async () => {
  const files = { cert: join(dir, 'core.pem'), key: join(dir, 'core.key'), crl: join(dir, 'revoked.pem') }
  const certificates = openCertificates(files)
  const renewed = await authority.enrol('core', 'core-1')
  replace('core.key', renewed.key)
  replace('revoked.pem', '')
  await pause(600)
  expect(certificates.current().cert.toString()).not.toBe(renewed.chain)
  replace('core.pem', renewed.chain)
  await pause(600)
  expect(certificates.current().cert.toString()).not.toBe(renewed.chain) // still no list
  replace('revoked.pem', (await authority.lists()).join(''))
  await until('the pair', async () => (certificates.current().cert.toString() === renewed.chain ? true : undefined), 3)
  certificates.close()
})

/** Lists that end in a moment; what is published besides stays as it is. */
async function shortLists(seconds: number): Promise<string> {
  const pem = await authority.db.admin
    .begin(async (tx) => {
      await tx`delete from pki.lists`
      await pki.publish(tx, authority.command(), { lifeSeconds: seconds })
      throw await pki.lists(tx, new Date())
    })
    .catch((lists: unknown) => lists)
  return String(pem)
}

function put({ key, chain }: Enrolled): void {
  replace('core.key', key)
  replace('core.pem', chain)
}

function replace(name: string, content: string): void {
  writeFileSync(join(dir, `${name}.new`), content, { mode: 0o600 }) // as the edge wants its keys
  renameSync(join(dir, `${name}.new`), join(dir, name))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function isLetIn(who = edge): Promise<boolean> {
  const connection = await open(who).catch(() => undefined)
  const answer = await connection?.ask().catch(() => '')
  connection?.close()
  return answer?.includes('served') === true
}

async function serialShown(): Promise<string> {
  const connection = await open()
  connection.close()
  return connection.serial
}

/** A connection of an edge. */
async function open(who = edge) {
  const ca = await authority.anchors()
  const { port } = server.address() as { port: number }
  const servername = 'core-1.countroom.internal'
  const socket = connect({ host: '127.0.0.1', port, ca, servername, key: who.key, cert: who.chain })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return {
    serial: socket.getPeerCertificate().serialNumber.toLowerCase(),
    ask: () =>
      new Promise<string>((resolve, reject) => {
        socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
        socket.once('close', () => reject(new Error('closed')))
        socket.write('GET / HTTP/1.1\r\nhost: core-1\r\n\r\n')
      }),
    socket,
    isOpen: () => !socket.closed,
    close: () => socket.destroy(),
  }
}
