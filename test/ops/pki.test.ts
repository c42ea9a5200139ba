import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectKeys } from '#keys'
import * as pki from '#pki'
import { encodeLeaf, encodeRoot } from '../../core/pki/encode.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { componentsOf } from '../../ops/appliance/nodes.ts'
import { connect as connectDatabase } from '../../ops/appliance/postgres.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { countroom } from './command.ts'

/** The operator's words about certificates, typed as an operator types them. */
const home = newHome('small')
const away = mkdtempSync(join(tmpdir(), 'cr-away-')) // another machine, as far as files go
let appliance: Appliance
beforeAll(async () => {
  writeFileSync(join(home, 'countroom.json'), '{"edgeWorkers": 1, "operatorCertificates": true}')
  appliance = await startAppliance({ home, freePorts: true })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
  rmSync(away, { recursive: true, force: true })
})

const run = (...words: string[]) => countroom(home, ['pki', ...words])
/** On another machine there is no home; all it has is what it was given. */
const runAway = (...words: string[]) => countroom(join(away, 'none'), ['pki', ...words])
const authority = () => ['--operator', appliance.urls.operator, '--ca', appliance.card().ca]

describe('a component of another machine', () => {
  let token = ''

  test('is enrolled: a token here, its key and certificate there', async () => {
    const offered = await run('enrol', 'scraper', 'prom-1', '--json')
    expect(offered.code, offered.out).toBe(0)
    token = (JSON.parse(offered.out) as { token: string }).token
    const asked = await runAway('request', 'prom-1', '--token', token, ...authority(), '--to', join(away, 'tls'))
    expect(asked.code, asked.out).toBe(0)
    expect(statSync(join(away, 'tls/prom-1.key')).mode & 0o777).toBe(0o600)
    const leaf = new X509Certificate(readFileSync(join(away, 'tls/prom-1.pem')))
    expect(pki.roleOf(leaf.subjectAltName)).toBe('scraper')
    const verified = execFileSync('openssl', [
      ...['verify', '-x509_strict', '-crl_check_all', '-CAfile', join(away, 'tls/ca.pem')],
      ...['-CRLfile', join(away, 'tls/revoked.pem'), '-untrusted', join(away, 'tls/prom-1.pem')],
      join(away, 'tls/prom-1.pem'),
    ])
    expect(verified.toString()).toContain('OK')
  })

  test('cannot use its token again', async () => {
    const again = await runAway('request', 'prom-1', '--token', token, ...authority(), '--to', join(away, 'again'))
    expect(again.code).toBe(1)
    expect(again.out).toMatch(/not good, or not any more/)
  })

  test('renews itself, with the key it has', async () => {
    const before = new X509Certificate(readFileSync(join(away, 'tls/prom-1.pem'))).serialNumber
    const renewed = await runAway('renew', 'prom-1', '--in', join(away, 'tls'), '--operator', appliance.urls.operator)
    expect(renewed.code, renewed.out).toBe(0)
    expect(new X509Certificate(readFileSync(join(away, 'tls/prom-1.pem'))).serialNumber).not.toBe(before)
  })

  test('is taken back: listed, on the published list, and renews no more', async () => {
    const serial = new X509Certificate(readFileSync(join(away, 'tls/prom-1.pem'))).serialNumber
    const revoked = await run('revoke', 'prom-1', '--reason', 'the machine was sold', '--yes')
    expect(revoked.code, revoked.out).toBe(0)
    expect(revoked.out).toContain(serial.toLowerCase())
    expect((await run('list')).out).toMatch(/prom-1 +scraper +disabled/)
    const published = spawnSync(
      'curl',
      ['-s', '--cacert', appliance.card().ca, `${appliance.urls.operator}pki/revoked.pem`],
      {
        encoding: 'utf8',
      },
    ).stdout
    expect(published).toBe(readFileSync(join(home, 'tls/revoked.pem'), 'utf8'))
    const lists = published.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
    const told = lists.map((list) => execFileSync('openssl', ['crl', '-noout', '-text'], { input: list }).toString())
    expect(told.join('')).toContain(serial)
    const renewed = await runAway('renew', 'prom-1', '--in', join(away, 'tls'), '--operator', appliance.urls.operator)
    expect(renewed.code).toBe(1)
  })

  test('what cannot be, is said in words', async () => {
    const unfit = await run('enrol', 'scraper', 'core-1')
    expect(unfit.code).toBe(1)
    expect(unfit.out).toMatch(/core-1 is known as core/)
    expect((await run('revoke', 'nobody', '--reason', 'x', '--yes')).out).toMatch(/no such component/)
    expect((await run('renew', 'prom-1')).out).toMatch(/no component of this appliance/)
    expect((await run('revoke', 'core-1', '--reason', 'x')).out).toMatch(/nobody is there to say yes/)
  })
})

test('list and renew: what the appliance has, and all of it anew', async () => {
  type Listed = { components: Array<{ component: string; state: string; serial: string }> }
  const list = async () => JSON.parse((await run('list', '--json')).out) as Listed
  const before = await list()
  const own = before.components.filter(({ component }) => component !== 'prom-1')
  expect(own.map(({ component, state }) => `${component} ${state}`).sort()).toEqual(
    ['core-1', 'core-2', 'edge', 'public', 'work-1'].map((name) => `${name} enabled`),
  )
  const renewed = await run('renew')
  expect(renewed.code, renewed.out).toBe(0)
  const after = await list()
  for (const { component, serial } of own)
    expect(after.components.find((each) => each.component === component)?.serial, component).not.toBe(serial)
})

test('a core that is taken back serves nobody, also after its restart; enrolled again, it serves', async () => {
  const healthy = async () => (await health()).includes('{"name":"core-2","healthy":true}')
  await until('a sound core', async () => ((await healthy()) ? true : undefined))
  expect((await run('revoke', 'core-2', '--reason', 'a test', '--yes')).code).toBe(0)
  const before = appliance.processes().find(({ name }) => name === 'core-2')?.pid ?? 0
  process.kill(before, 'SIGTERM')
  await until('core-2 to be out', async () => ((await healthy()) ? undefined : true))
  await until('core-2 to be back', async () => {
    const pid = appliance.processes().find(({ name }) => name === 'core-2')?.pid
    return pid && pid !== before ? true : undefined
  })
  await new Promise((resolve) => setTimeout(resolve, 1500)) // it serves by now, and nobody comes
  expect(await healthy()).toBe(false)

  const offered = JSON.parse((await run('enrol', 'core', 'core-2', '--json')).out) as { token: string }
  const asked = await run('request', 'core-2', '--token', offered.token, ...authority(), '--to', join(home, 'tls'))
  expect(asked.code, asked.out).toBe(0)
  await until('core-2 to be sound again', async () => ((await healthy()) ? true : undefined))
})

test('a person gets a PKCS #12 file; OpenSSL opens it, and it opens the back office until it is taken back', async () => {
  const file = join(away, 'grace.p12')
  const exported = await run('export', 'grace', '--role', 'auditor', '--days', '14', '--to', file)
  expect(exported.code, exported.out).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const passphrase = /^ {2}(\S{24})$/m.exec(exported.out)?.[1] ?? ''
  const opened = spawnSync('openssl', ['pkcs12', '-in', file, '-passin', `pass:${passphrase}`, '-nodes'])
  expect(opened.stdout.toString()).toContain('BEGIN PRIVATE KEY')
  const pfx = readFileSync(file)
  expect(await askOperator('/api/me', { pfx, passphrase })).toMatch(/^HTTP\/1\.1 401/) // in, and to sign in next
  expect(await askOperator('/api/me')).toMatch(/^HTTP\/1\.1 403.*edge\.certificate_required/s)
  expect((await run('revoke', 'grace', '--reason', 'left', '--yes')).code).toBe(0)
  await until(
    'the list',
    async () => ((await askOperator('/api/me', { pfx, passphrase })) === '' ? true : undefined),
    3,
  )
})

test('a home of before the issuing authority is brought over by a start, on the key it had', async () => {
  await appliance.stop()
  await makeOld()
  const oldRoot = new X509Certificate(readFileSync(join(home, 'tls/ca.pem')))
  appliance = await startAppliance({ home, freePorts: true })
  const root = new X509Certificate(readFileSync(appliance.card().ca))
  expect(root.serialNumber).not.toBe(oldRoot.serialNumber)
  expect(root.publicKey.equals(oldRoot.publicKey)).toBe(true)
  const parts =
    readFileSync(join(home, 'tls/core-1.pem'), 'utf8').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []
  expect(parts).toHaveLength(2)
  expect(new X509Certificate(parts[1] ?? '').verify(root.publicKey)).toBe(true)
  await until('both cores', async () =>
    (await health()).includes('{"name":"core-1","healthy":true},{"name":"core-2","healthy":true}') ? true : undefined,
  )
  expect((await run('list')).out.match(/ enabled /g)).toHaveLength(5)
})

/** Leaves that hang on the root itself, no lists, no tables: as the first version kept it. */
async function makeOld(): Promise<void> {
  const before = await startAppliance({ home, freePorts: true })
  const place = viewHome(home)
  const keys = connectKeys({ socket: agentSocket(place, 'ops') })
  const period = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 80 * 86_400_000) }
  const spki = (await keys.publicKey('sk-ca-root-1')).export({ format: 'der', type: 'spki' })
  const root = await encodeRoot(keys, 'sk-ca-root-1', spki, period)
  writeFileSync(place.path('tls/ca.pem'), new X509Certificate(root).toString())
  for (const { name, role, names } of componentsOf(readSettings(place))) {
    const { publicKey } = new X509Certificate(readFileSync(place.path('tls', `${name}.pem`)))
    const leaf = await encodeLeaf(
      keys,
      { certificate: root, key: 'sk-ca-root-1' },
      { component: name, role, names, spki: publicKey.export({ format: 'der', type: 'spki' }), period },
    )
    writeFileSync(place.path('tls', `${name}.pem`), new X509Certificate(leaf).toString())
  }
  await keys.close()
  const admin = connectDatabase(place, 'admin')
  await admin.unsafe(`drop schema pki cascade; delete from base.migrations where room = 'pki'`)
  await admin.end()
  await before.stop()
  rmSync(place.path('tls/revoked.pem'))
  writeFileSync(place.path('installed'), `${new Date().toISOString()}\n`) // of before the mark held a fingerprint
  chmodSync(place.path('installed'), 0o644)
}

/** One request to the back office's listener; empty when it hangs up. */
function askOperator(path: string, shown: ConnectionOptions = {}): Promise<string> {
  return ask(appliance.urls.operator, path, shown)
}

function health(): Promise<string> {
  return ask(appliance.urls.lobby, '/edge/health')
}

function ask(origin: string, path: string, shown: ConnectionOptions = {}): Promise<string> {
  const ca = readFileSync(appliance.card().ca)
  const { port } = new URL(origin)
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca, servername: 'localhost', ...shown }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
    )
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => resolve(heard))
    socket.on('close', () => resolve(heard))
  })
}
