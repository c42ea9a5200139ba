import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type SecureContext, type SecureVersion, type Server } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicTls } from '../../edge/tls/contexts.ts'
import { oneKey, openTicketKeys, sealTickets } from '../../edge/tls/tickets.ts'
import { makeAuthority } from '../support/lab-authority.ts'

/**
 * The ring of ticket keys, with real handshakes. It hangs on a hook that Node does not document: this is the test that says so after an update.
 */
const epochSeconds = 3600
const dir = mkdtempSync(join(tmpdir(), 'cr-tickets-'))
let files: { cert: string; key: string }
let ca: Buffer
const servers: Server[] = []
beforeAll(async () => {
  const authority = await makeAuthority(dir)
  await authority.issue('public', 'public', ['localhost'])
  files = authority.files('public')
  ca = readFileSync(join(dir, 'tls/ca.pem'))
  writeFileSync(join(dir, 'secret'), randomBytes(32), { mode: 0o600 })
  writeFileSync(join(dir, 'other'), randomBytes(32), { mode: 0o600 })
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(dir, { recursive: true, force: true })
})

type Host = { port: number; clock: { epoch: number } }

/** A host with a clock of its own. */
async function host(secret: string, epoch: number): Promise<Host> {
  const clock = { epoch }
  const keys = openTicketKeys({ secretFile: join(dir, secret), epochSeconds })
  const parts = { cert: readFileSync(files.cert), key: readFileSync(files.key) }
  const server = createServer({ ...publicTls(parts), sessionIdContext: 'test' }, (socket) => {
    socket.on('error', () => {})
    socket.end('hello')
  })
  const { _sharedCreds: context } = server as unknown as { _sharedCreds: SecureContext }
  expect(sealTickets(context, keys, () => clock.epoch * epochSeconds * 1000)).toBe(true)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, clock }
}

/** Connects, and answers whether the session was resumed and the last ticket that came. */
async function come(to: Host, version: SecureVersion, session?: Buffer): Promise<{ resumed: boolean; ticket: Buffer }> {
  const tickets: Buffer[] = []
  const socket = connect({
    host: '127.0.0.1',
    port: to.port,
    servername: 'localhost',
    ca,
    minVersion: version,
    maxVersion: version,
    session,
  })
  socket.on('session', (each) => tickets.push(each))
  return new Promise((resolve, reject) => {
    let resumed = false
    socket.on('error', reject)
    socket.on('close', () => resolve({ resumed, ticket: tickets.at(-1)! }))
    socket.on('secureConnect', () => {
      resumed = socket.isSessionReused()
      if (version === 'TLSv1.2') tickets.push(socket.getSession()!) // of a renewed one there is no event
    })
    socket.resume()
  })
}

describe.each(['TLSv1.3', 'TLSv1.2'] as const)('%s', (version) => {
  test('a ticket of one host is good at another that has the secret, and nowhere else', async () => {
    const [one, other, stranger] = await Promise.all([host('secret', 7), host('secret', 7), host('other', 7)])
    const { resumed, ticket } = await come(one, version)
    expect(resumed).toBe(false)
    expect((await come(other, version, ticket)).resumed).toBe(true)
    expect((await come(stranger, version, ticket)).resumed).toBe(false)
  })

  test('a change of keys ends no session: tickets of the last two epochs are taken, and renewed', async () => {
    const one = await host('secret', 7)
    const { ticket } = await come(one, version)
    for (const epoch of [8, 9]) {
      one.clock.epoch = epoch
      expect((await come(one, version, ticket)).resumed).toBe(true)
    }
    const renewed = await come(one, version, ticket)
    one.clock.epoch = 10
    expect((await come(one, version, ticket)).resumed).toBe(false)
    expect((await come(one, version, renewed.ticket)).resumed).toBe(true)
  })

  test('a host whose clock is behind takes the tickets of one that is ahead', async () => {
    const [ahead, behind] = await Promise.all([host('secret', 8), host('secret', 7)])
    const { ticket } = await come(ahead, version)
    expect((await come(behind, version, ticket)).resumed).toBe(true)
  })
})

test('without the hook there is the one key that Node has a setting for, the same on every host', () => {
  const keys = openTicketKeys({ secretFile: join(dir, 'secret'), epochSeconds })
  const again = openTicketKeys({ secretFile: join(dir, 'secret'), epochSeconds })
  expect(sealTickets({ context: {} } as SecureContext, keys)).toBe(false)
  expect(oneKey(keys, 0)).toHaveLength(48)
  expect(oneKey(keys, 0)).toEqual(oneKey(again, epochSeconds * 1000 - 1))
  expect(oneKey(keys, 0)).not.toEqual(oneKey(keys, epochSeconds * 1000))
})

test('a secret that is short, or open to others, is none', () => {
  writeFileSync(join(dir, 'short'), randomBytes(16), { mode: 0o600 })
  expect(() => openTicketKeys({ secretFile: join(dir, 'short'), epochSeconds })).toThrow(/too short/)
  chmodSync(join(dir, 'other'), 0o640)
  expect(() => openTicketKeys({ secretFile: join(dir, 'other'), epochSeconds })).toThrow(/chmod 600/)
})
