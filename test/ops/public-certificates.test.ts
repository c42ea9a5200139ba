import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { findIdentities } from '../../ops/appliance/identity.ts'
import { freePorts } from '../../ops/appliance/ports.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { examine } from '../../ops/doctor/examine.ts'
import { until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { makeAuthority } from '../support/lab-authority.ts'
import { openPebble, type Pebble } from '../support/pebble.ts'

/** What an operator writes into countroom.json about the certificates that players are shown, in an appliance as it starts. */
const home = newHome()
const outside = mkdtempSync(join(tmpdir(), 'cr-acme-'))
let pebble: Pebble
let appliance: Appliance
beforeAll(async () => {
  chmodSync(outside, 0o755)
  const authority = await makeAuthority(outside)
  pebble = await openPebble(authority, outside)
  await authority.issue('bought', 'public', ['bought.example'])
  const bought = authority.files('bought')
  const edge = {
    acme: { directory: pebble.directory, names: ['casino.example'], caFile: join(outside, 'tls/ca.pem') },
    certificates: [bought],
    tickets: { epochSeconds: 3600 },
  }
  const ports = { ...(await freePorts()), plain: pebble.httpPort }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edge, ports }))
  const owner = findIdentities().users.edge
  if (owner) for (const file of Object.values(bought)) chownSync(file, owner.uid, owner.gid)
  appliance = await startAppliance({ home })
})
afterAll(async () => {
  await appliance?.stop()
  await pebble?.end()
  for (const folder of [home, outside]) rmSync(folder, { recursive: true, force: true })
})

async function open(servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const port = appliance.card().ports.player!
  const usual = { host: '127.0.0.1', port, servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }
  return new Promise((resolve, reject) => {
    const socket = connect({ ...usual, ...options }, () => resolve(socket))
    socket.once('error', reject)
  })
}

async function issuerShown(servername: string): Promise<string> {
  const socket = await open(servername)
  const { issuer } = socket.getPeerX509Certificate()!
  socket.destroy()
  return issuer
}

const looked = async () => (await examine(viewHome(home))).find(({ id }) => id === 'edge.acme')!

test('a name of `acme` gets its certificate by itself, others keep theirs; the doctor tells', async () => {
  await until('a certificate', async () => (await issuerShown('casino.example')).includes('Pebble') || undefined, 60)
  expect(await issuerShown('bought.example')).toBe('CN=Lab')
  expect(await issuerShown('localhost')).not.toMatch(/Pebble|CN=Lab$/)
  expect(await looked()).toMatchObject({ severity: 'sound' })
  expect((await looked()).evidence).toMatch(/^for casino\.example, ends in \d+ days$/)
  expect(statSync(join(home, 'acme')).mode & 0o777).toBe(0o700)
})

test('port 80 leads everybody else of that name to https', async () => {
  const answer = await fetch(`http://127.0.0.1:${pebble.httpPort}/games`, { redirect: 'manual' })
  expect(answer.status).toBe(421) // by an address of ours, which is no name of it
})

test('who comes back resumes the session at any worker', async () => {
  let session: Buffer | undefined
  for (let i = 0; i < 8; i++) {
    const socket = await open('localhost', session ? { session } : {})
    if (session) expect(socket.isSessionReused()).toBe(true)
    socket.write('GET /edge/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve)) // tickets come before the first answer
    session = socket.getSession()
    socket.destroy()
  }
  const [secret, config] = ['secrets/edge-tickets', 'run/edge.json'].map((file) =>
    readFileSync(join(home, file), 'utf8'),
  )
  expect(secret!.trim().length).toBeGreaterThanOrEqual(32)
  expect(config).not.toContain(secret!.trim())
})
