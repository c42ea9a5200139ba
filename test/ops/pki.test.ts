import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { type BrowserContext, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemCommand } from '#base'
import { connectKeys } from '#keys'
import * as pki from '#pki'
import { encodeLeaf, encodeRoot } from '../../core/pki/encode.ts'
import { installAgain, openPlace } from '../../ops/appliance/certificates.ts'
import { componentsOf } from '../../ops/appliance/components.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect as connectDatabase } from '../../ops/appliance/postgres.ts'
import { readSettings } from '../../ops/appliance/settings.ts'
import { agentSocket } from '../../ops/appliance/sockets.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'
import { enrolAt } from '../support/staff.ts'
import { withAuthenticator } from '../support/virtual-authenticator.ts'
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
    ['core-1', 'core-2', 'edge', 'ops', 'public', 'work-1'].map((name) => `${name} enabled`),
  )
  const renewed = await run('renew')
  expect(renewed.code, renewed.out).toBe(0)
  const after = await list()
  for (const { component, serial } of own)
    expect(after.components.find((each) => each.component === component)?.serial, component).not.toBe(serial)
})

test('a core that is taken back serves nobody, also after its restart; enrolled again, it serves [GLI-B.4.2c]', async () => {
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

test('[S58] a worker and both cores that are taken back are cut off from the key agent too, and come back without anybody’s help but ops', async () => {
  const place = openPlace(viewHome(home), { ...readSettings(viewHome(home)), ports: appliance.card().ports as never })
  const command = () => ({ ...systemCommand('test'), keys: place.keys })
  const ready = async (port: string) => {
    const answer = await fetch(`http://127.0.0.1:${appliance.card().ports[port]}/health/ready`)
    return ((await answer.json()) as { missing: string[] }).missing
  }
  // Taken back, they are refused by the database too, when they connect to it anew: keys are missing at least.
  let found: string[][] = []
  const each = async (holds: (missing: string[]) => boolean) => {
    found = await Promise.all(['workMetrics', 'core1Metrics', 'core2Metrics'].map(ready))
    return found.every(holds) ? true : undefined
  }
  const allReady = () => each((missing) => missing.length === 0)
  const allWithoutKeys = () => each((missing) => missing.includes('keys'))
  try {
    await until('all of them to be ready', allReady)
    for (const component of ['core-1', 'core-2'])
      await place.sql.begin((tx) => pki.revoke(tx, command(), { component, reason: 'a test' }))
    expect((await run('revoke', 'work-1', '--reason', 'a test', '--yes')).code).toBe(0)
    await until('none of them to have keys', allWithoutKeys)
    const reason = String.raw`"reason":"the certificate of work-1\.countroom\.internal was taken back"`
    await until('the reason in the logs', async () =>
      ['keys', 'work-1'].every((name) => new RegExp(reason).test(readFileSync(join(home, `log/${name}.log`), 'utf8')))
        ? true
        : undefined,
    )
    const offer = (role: string, component: string) =>
      place.sql.begin((tx) => pki.offer(tx, command(), { role, component }))
    const [first, second] = [await offer('core', 'core-1'), await offer('core', 'core-1')]
    expect((await run('request', 'core-2', '--token', first.token)).out).toMatch(/token was for core-1, not for core-2/)
    expect((await run('request', 'core-1', '--token', first.token)).out).toMatch(/not good, or not any more/)
    expect((await run('request', 'core-1', '--token', second.token)).out).toMatch(/core-1 has a certificate until/)
    for (const [name, role] of [
      ['core-2', 'core'],
      ['work-1', 'work'],
    ] as const) {
      const component = componentsOf(place.settings).find((each) => each.name === name)!
      const installed = await installAgain(place, component, (await offer(role, name)).token, command())
      expect(installed.component).toBe(name)
    }
    await until('all of them to be ready', allReady)
  } catch (error) {
    throw new Error(`they miss ${JSON.stringify(found)}`, { cause: error })
  } finally {
    await place.close()
  }
}, 240_000)

describe('a certificate of a person', () => {
  let admin: Desk
  let grace: Desk

  test('is a PKCS #12 file, which OpenSSL opens', async () => {
    const { shown, file } = await exported('root')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const opened = spawnSync('openssl', ['pkcs12', '-in', file, '-passin', `pass:${shown.passphrase}`, '-nodes'])
    expect(opened.stdout.toString()).toContain('BEGIN PRIVATE KEY')
    const secret = new URL(appliance.urls.enrolment ?? '').hash.slice(1)
    // The certificate came first: its person enrols under its name, and under no other.
    await expect(hired(secret, 'somebody', shown)).rejects.toThrow('staff.certificate_foreign')
    admin = await hired(secret, 'root', shown)
    const offered = await admin.client.ask<{ url: string }>('POST', '/api/enrolments', { role: 'support' })
    expect(offered.status, offered.raw).toBe(201)
    grace = await hired(new URL(offered.body.url).hash.slice(1), 'grace', (await exported('grace')).shown)
    expect((await grace.client.ask<{ name: string }>('GET', '/api/me')).body.name).toBe('grace')
  })

  test('[S06] opens the back office to its own person alone; a stolen cookie is worth nothing without it', async () => {
    const eve = openClient(appliance.urls.operator, { ca: appliance.card().ca, shown: admin.shown })
    eve.take(grace.client.cookie)
    const foreign = { status: 403, body: { code: 'staff.certificate_foreign' } }
    expect(await eve.ask('GET', '/api/me')).toMatchObject(foreign)
    expect(await eve.ask('POST', '/api/passkeys/options')).toMatchObject(foreign)
    // Not by a header of one's own either.
    const der = new X509Certificate(certificateIn(grace)).raw.toString('base64')
    expect(await eve.ask('GET', '/api/me', undefined, { 'x-person-certificate': der })).toMatchObject(foreign)
    const denied = await until('the log', async () => {
      const path = '/api/audit?code=staff.access_denied'
      const { body } = await admin.client.ask<{ events: Array<{ detail: { code: string } }> }>('GET', path)
      return body.events.find(({ detail }) => detail.code === 'staff.certificate_foreign')
    })
    expect(denied).toBeTruthy()
    const fresh = openClient(appliance.urls.operator, { ca: appliance.card().ca, shown: admin.shown })
    const asked = await fresh.ask<Parameters<typeof grace.passkey.get>[0]>('POST', '/api/sessions/challenge')
    const signedIn = await fresh.ask('POST', '/api/sessions', { passkey: grace.passkey.get(asked.body) })
    expect(signedIn).toMatchObject(foreign)
    const nobody = openClient(appliance.urls.operator, { ca: appliance.card().ca })
    nobody.take(grace.client.cookie)
    expect(await nobody.ask('GET', '/api/me')).toMatchObject({
      status: 403,
      body: { code: 'edge.certificate_required' },
    })
    for (const client of [eve, fresh, nobody]) await client.close()
  })

  test('[S06] in a browser that has it its person enrols and signs in, and nobody comes in with that cookie and another’s', {
    timeout: 240_000,
  }, async () => {
    const { origin } = new URL(appliance.urls.operator)
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
    try {
      const showing = (own: Shown, storageState?: Awaited<ReturnType<BrowserContext['storageState']>>) =>
        browser.newContext({
          ignoreHTTPSErrors: true,
          clientCertificates: [{ origin, ...own }],
          ...(storageState ? { storageState } : {}),
        })
      const offered = await admin.client.ask<{ url: string }>('POST', '/api/enrolments', { role: 'support' })
      const own = await showing((await exported('hopper')).shown)
      const desk = await withAuthenticator(own)
      await desk.goto(offered.body.url)
      await desk.getByLabel('Name').fill('hopper')
      await desk.getByLabel('Password').fill('a very long password indeed')
      await desk.getByRole('button', { name: 'Enrol with a passkey' }).click()
      await desk.waitForURL('**/sign-in?enrolled')
      await desk.getByRole('button', { name: 'Sign in with your passkey' }).click()
      await desk.locator('.who').filter({ hasText: 'hopper' }).waitFor()

      const cookies = await own.storageState()
      const other = await (await showing(admin.shown, cookies)).newPage()
      expect((await other.request.get(`${origin}/api/me`)).status()).toBe(403)
      await other.goto(`${origin}/`)
      expect(await other.locator('.who').count(), 'with the certificate of a colleague').toBe(0)
      const none = await (await browser.newContext({ ignoreHTTPSErrors: true, storageState: cookies })).newPage()
      expect((await none.goto(`${origin}/`))?.status(), 'with none').toBe(403)
      await desk.reload()
      await desk.locator('.who').filter({ hasText: 'hopper' }).waitFor()
    } finally {
      await browser.close()
    }
  })

  test('is taken back with its person, whose open connections are cut, and is not made for who left [GLI-B.7.1b]', async () => {
    const left = await admin.client.ask('POST', `/api/staff/${grace.id}/dismissal`, { reason: 'left the house' })
    expect(left.status, left.raw).toBe(200)
    await until('the end of it', async () => ((await askOperator('/api/me', grace.shown)) === '' ? true : undefined), 3)
    expect((await run('list')).out).toMatch(/grace +staff +disabled/)
    const again = await run('export', 'grace', '--to', join(away, 'again.p12'))
    expect([again.code, again.out]).toEqual([1, expect.stringContaining('does not work here any more')])
  })

  type Desk = Awaited<ReturnType<typeof hired>>
  type Shown = { pfx: Buffer; passphrase: string }

  async function exported(name: string): Promise<{ file: string; shown: Shown }> {
    const file = join(away, `${name}.p12`)
    const { code, out } = await run('export', name, '--days', '14', '--to', file)
    expect(code, out).toBe(0)
    return { file, shown: { pfx: readFileSync(file), passphrase: /^ {2}(\S{24})$/m.exec(out)?.[1] ?? '' } }
  }

  async function hired(secret: string, login: string, shown: Shown) {
    const client = openClient(appliance.urls.operator, { ca: appliance.card().ca, shown })
    return { client, shown, ...(await enrolAt(client, { secret, login, origin: appliance.urls.operator })) }
  }

  function certificateIn({ shown }: Desk): string {
    const words = ['pkcs12', '-nokeys', '-clcerts', '-passin', `pass:${shown.passphrase}`]
    return execFileSync('openssl', words, { input: shown.pfx, stdio: ['pipe', 'pipe', 'ignore'] }).toString()
  }
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
  expect((await run('list')).out.match(/ enabled /g)).toHaveLength(6)
}, 240_000)

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
