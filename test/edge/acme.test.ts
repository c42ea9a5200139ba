import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import acme from 'acme-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AcmeConfig, obtain } from '../../edge/tls/acme/authority.ts'
import { acmeFiles, type Keeper, openKeeper, standIn } from '../../edge/tls/acme/keeper.ts'
import { answerPlainly, listenPlainly } from '../../edge/tls/acme/plain.ts'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { type LabAuthority, makeAuthority } from '../support/lab-authority.ts'
import { openPebble, type Pebble } from '../support/pebble.ts'

/** Certificates by ACME, from a real authority: those it gives, and how the edge lives when it gives none. */
const hourMs = 3_600_000
let dir: string
let authority: LabAuthority
let pebble: Pebble
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cr-acme-'))
  authority = await makeAuthority(dir)
  await authority.issue('public', 'public', ['localhost'])
  pebble = await openPebble(authority, dir)
})
afterAll(async () => {
  await pebble?.end()
  rmSync(dir, { recursive: true, force: true })
})

const section = (place: string) => ({
  directory: pebble.directory,
  caFile: join(dir, 'tls/ca.pem'),
  names: ['casino.example', 'www.casino.example'],
  dir: place,
  listen: { host: '127.0.0.1', port: pebble.httpPort },
})

describe('who keeps a certificate', () => {
  let place: string
  let plain: Server | Awaited<ReturnType<typeof listenPlainly>>
  let keeper: Keeper
  let config: AcmeConfig
  const usual = () => authority.files('public')
  const shown = () => new X509Certificate(readFileSync(acmeFiles(place).cert))
  const end = () => shown().validToDate.getTime()
  beforeEach(async () => {
    place = mkdtempSync(join(dir, 'keeper-'))
    const given = section(place)
    config = { ...given, proof: 'http-01', renewAfter: 2 / 3 }
    standIn(place, usual())
    const { app, proofs } = answerPlainly(config.names, 443)
    plain = await listenPlainly(app, given.listen)
    keeper = openKeeper(config, usual().cert, () => obtain(config, proofs))
  })
  afterEach(() => {
    plain.close()
    plain.closeAllConnections()
  })

  test('gets the first at once, for all names, with a key that nobody else reads; and another when two thirds of its life are over', async () => {
    expect(shown().toString()).toBe(new X509Certificate(readFileSync(usual().cert)).toString())
    expect(await keeper.look(Date.now())).toBe('renewed')
    const first = shown()
    for (const name of config.names) expect(first.checkHost(name)).toBe(name)
    expect(
      first.checkPrivateKey((await import('node:crypto')).createPrivateKey(readFileSync(acmeFiles(place).key))),
    ).toBe(true)
    expect(statSync(acmeFiles(place).key).mode & 0o777).toBe(0o600)
    expect(await keeper.look(Date.now())).toBe('not due')
    const begin = first.validFromDate.getTime()
    const life = end() - begin
    expect(await keeper.look(begin + life * 0.65)).toBe('not due')
    expect(await keeper.look(begin + life * 0.68)).toBe('renewed')
    expect(shown().serialNumber).not.toBe(first.serialNumber)
  })

  test('gets another for one that has ended, and for one that was taken back', async () => {
    await keeper.look(Date.now())
    const first = shown().serialNumber
    expect(await keeper.look(end() + hourMs)).toBe('renewed')
    const second = shown()
    expect(second.serialNumber).not.toBe(first)
    const client = new acme.Client({
      directoryUrl: config.directory,
      accountKey: readFileSync(join(place, 'account.key')),
      accountUrl: readFileSync(join(place, readdirSync(place).find((name) => name.endsWith('.url'))!), 'utf8'),
    })
    await client.revokeCertificate(second.toString())
    expect(await pebble.statusOf(second.serialNumber)).toBe('Revoked')
    writeFileSync(join(place, 'renew'), '')
    expect(await keeper.look(Date.now())).toBe('renewed')
    expect(await pebble.statusOf(shown().serialNumber)).toBe('Valid')
    expect(await keeper.look(Date.now())).toBe('not due')
  })

  test('keeps what there is while the authority is away for a week, asks ever less often, says so, and goes on when it is back', async () => {
    await keeper.look(Date.now())
    const before = shown().serialNumber
    await pebble.end()
    const begin = Date.now() + (end() - Date.now()) * 0.7
    let tries = 0
    for (let ms = 0; ms < 7 * 24 * hourMs; ms += hourMs / 4) if ((await keeper.look(begin + ms)) === 'failed') tries++
    expect(tries).toBe(keeper.failures)
    expect(tries).toBeGreaterThan(7 * 4) // every six hours at least
    expect(tries).toBeLessThan(7 * 6)
    expect(keeper.problem).toBe('the authority does not answer')
    expect(shown().serialNumber).toBe(before)
    await pebble.begin()
    const back = begin + 7 * 24 * hourMs
    expect(await keeper.look(back + 6 * hourMs)).toBe('failed') // it has come back without a memory of us
    expect(await keeper.look(back + 12 * hourMs)).toBe('renewed')
    expect(keeper.failures).toBe(0)
  })

  test.each<[string, () => string, number]>([
    ['for seconds', () => '86400', 24],
    ['until a date', () => new Date(Date.now() + 24 * hourMs).toUTCString(), 24],
    ['for longer than anybody means', () => '9999999999', 7 * 24],
  ])('leaves an authority alone that has limited it, %s, and forgets no account over it', async (_, told, hours) => {
    await keeper.look(Date.now())
    const before = shown().serialNumber
    let asked = 0
    const { cert, key } = authority.files('pebble')
    const busy = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
      asked++
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': told() })
      response.end('{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates","status":429}')
    })
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    const real = config.directory
    const accounts = () => readdirSync(place).filter((name) => name.endsWith('.url'))
    config.directory = `https://localhost:${(busy.address() as AddressInfo).port}/dir`
    writeFileSync(
      join(place, accounts()[0]!.replace(/\d+/, String((busy.address() as AddressInfo).port))),
      'https://x/1',
    )
    const known = accounts()
    writeFileSync(join(place, 'renew'), '')
    const now = Date.now()
    expect(await keeper.look(now)).toBe('failed')
    expect(asked).toBe(1)
    for (let ms = 0; ms < (hours - 0.1) * hourMs; ms += hourMs / 2) expect(await keeper.look(now + ms)).toBe('waits')
    expect(asked).toBe(1)
    expect(keeper.problem).toMatch(/^too many certificates; it may be asked again after 20/)
    expect([shown().serialNumber, accounts()]).toEqual([before, known])
    config.directory = real
    expect(await keeper.look(now + hours * 1.06 * hourMs)).toBe('renewed')
    busy.close()
    busy.closeAllConnections()
  })

  test('asks nothing more within an order that was limited in its middle', async () => {
    const { cert, key } = authority.files('pebble')
    const asked: string[] = []
    const busy = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, ({ url = '' }, response) => {
      asked.push(url)
      const at = `https://localhost:${(busy.address() as AddressInfo).port}`
      if (url === '/dir')
        return void response.end(JSON.stringify({ newNonce: `${at}/nonce`, newAccount: `${at}/account` }))
      if (url === '/nonce') return void response.writeHead(200, { 'replay-nonce': 'n' }).end()
      response.writeHead(503, { 'retry-after': '7200' }).end()
    })
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    config.directory = `https://localhost:${(busy.address() as AddressInfo).port}/dir`
    const now = Date.now()
    expect(await keeper.look(now)).toBe('failed')
    expect(asked.filter((url) => url === '/account')).toHaveLength(1)
    expect(await keeper.look(now + 1.9 * hourMs)).toBe('waits')
    expect(shown().subject).toBe('CN=public')
    busy.close()
    busy.closeAllConnections()
  })
})

test('the plain port knows proofs and the way to TLS of its own names, and nothing else', async () => {
  const { app, proofs } = answerPlainly(['casino.example'], 8443)
  const proof = { name: 'casino.example', token: 'token', content: 'content' }
  await proofs.put(proof)
  const ask = (url: string) => app.request(url)
  expect(await (await ask('http://casino.example/.well-known/acme-challenge/token')).text()).toBe('content')
  expect((await ask('http://casino.example/.well-known/acme-challenge/other')).status).toBe(404)
  await proofs.remove(proof)
  expect((await ask('http://casino.example/.well-known/acme-challenge/token')).status).toBe(404)
  const elsewhere = await ask('http://casino.example/games?x=1')
  expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([308, 'https://casino.example:8443/games?x=1'])
  expect((await ask('http://evil.example/games')).status).toBe(421)
})

const issuerShown = async (lab: EdgeLab, servername: string) => {
  const socket = await lab.open({ servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  const certificate = socket.getPeerX509Certificate()!
  socket.destroy()
  return certificate.issuer
}

/** Until who asks for the name is shown the authority's; answers whom else a player was shown before, besides the usual. */
async function certified(lab: EdgeLab): Promise<Set<string>> {
  const seen = new Set<string>()
  await until(
    'a certificate',
    async () => {
      const issuer = await issuerShown(lab, 'casino.example')
      if (issuer.includes('Pebble')) return true
      if (issuer !== 'CN=Lab') seen.add(issuer)
      return undefined
    },
    60,
  )
  return seen
}

test('a whole edge gets its certificate, shows it to whom asks for its name, and no connection notices', async () => {
  const lab = await openEdgeLab((_, response) => void response.end('{}'), {
    cores: 1,
    workers: 2,
    adjust: (config, _, home) => {
      config.acme = section(join(home, 'acme'))
    },
  })
  try {
    expect(await certified(lab)).toEqual(new Set())
    expect(await issuerShown(lab, 'localhost')).toBe('CN=Lab')
    expect(await lab.metrics()).toMatch(/^countroom_edge_acme_failures 0$/m)
  } finally {
    await lab.stop()
  }
})

test('names are proven in a handshake, at any worker, and players are shown no proof meanwhile', async () => {
  const lab = await openEdgeLab((_, response) => void response.end('{}'), {
    cores: 1,
    workers: 2,
    port: pebble.tlsPort,
    adjust: (config, _, home) => {
      const { listen, ...rest } = section(join(home, 'acme'))
      config.acme = { ...rest, proof: 'tls-alpn-01' }
    },
  })
  try {
    expect(await certified(lab)).toEqual(new Set())
    // There is nothing to prove any more, and whoever asks for a proof speaks no protocol of ours.
    const asking = lab.open({ servername: 'casino.example', rejectUnauthorized: false, ALPNProtocols: ['acme-tls/1'] })
    await expect(asking).rejects.toThrow()
  } finally {
    await lab.stop()
  }
})

test('an edge that runs is told to get a certificate, and told not to', async () => {
  const lab = await openEdgeLab((_, response) => void response.end('{}'), { cores: 1, workers: 2 })
  const file = join(lab.dir, 'edge.json')
  const before = JSON.parse(readFileSync(file, 'utf8'))
  const plainly = () =>
    fetch(`http://127.0.0.1:${pebble.httpPort}/`, { redirect: 'manual' }).then(
      ({ status }) => status,
      () => 0,
    )
  try {
    expect(await plainly()).toBe(0)
    writeFileSync(file, JSON.stringify({ ...before, acme: section(join(lab.dir, 'acme')) }))
    expect(await certified(lab)).toEqual(new Set())
    expect(await plainly()).toBe(421)
    writeFileSync(file, JSON.stringify(before))
    await until('nobody on the plain port', async () => ((await plainly()) === 0 ? true : undefined))
  } finally {
    await lab.stop()
  }
})
