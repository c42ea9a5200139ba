import 'reflect-metadata'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'
import { gzipSync } from 'node:zlib'
import * as x509 from '@peculiar/x509'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Certificates } from '../../edge/tls/files.ts'
import { readAnswer, requestFor, responderOf } from '../../edge/tls/ocsp.ts'
import { openStaples } from '../../edge/tls/staples.ts'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { type LabAuthority, makeAuthority } from '../support/lab-authority.ts'
import { freePort } from '../support/port.ts'

/** What an authority says of a certificate comes with the handshake; OpenSSL's responder is the authority's. */
const host = 'casino.example'
let dir: string
let authority: LabAuthority
let port: number
const running = new Set<() => Promise<void>>()
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cr-ocsp-'))
  authority = await makeAuthority(dir)
  await authority.writeKey(tls('ca.key'))
  port = await freePort()
  const asked = new x509.AuthorityInfoAccessExtension({ ocsp: `http://127.0.0.1:${port}/` })
  for (const name of ['public', 'other']) await authority.issue(name, 'public', [host], 'ecdsa', [asked])
  await authority.issue('rsa', 'public', [host], 'rsa', [asked])
  const uses = new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.9'])
  await authority.issue('delegate', 'public', ['ocsp.example'], 'ecdsa', [uses])
  await authority.issue('stranger', 'public', ['ocsp.example'])
})
afterEach(async () => {
  for (const end of running) await end()
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function tls(file: string): string {
  return join(dir, 'tls', file)
}
const certificate = (name: string) => new X509Certificate(readFileSync(tls(`${name}.pem`)))
const serialOf = (name: string) => certificate(name).serialNumber.replace(/^(?=.(..)*$)/, '0')

/** Begins a responder that holds these for good and those for taken back; `signer` is whose name it answers in. */
async function respond(standing: 'V' | 'R', signer: string): Promise<() => Promise<void>> {
  const line = (name: string) =>
    `${standing}\t491231235959Z\t${standing === 'R' ? '250101000000Z' : ''}\t${serialOf(name)}\tunknown\t/CN=${name}`
  writeFileSync(join(dir, 'index.txt'), `${['public', 'other', 'rsa'].map(line).join('\n')}\n`)
  const named = ['-index', join(dir, 'index.txt'), '-CA', tls('ca.pem'), '-port', String(port), '-ndays', '1']
  const signing = ['-rsigner', tls(`${signer}.pem`), '-rkey', tls(`${signer}.key`)]
  const child = spawn('openssl', ['ocsp', ...named, ...signing], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const end = async () => {
    child.kill('SIGKILL')
    await ended
    running.delete(end)
  }
  running.add(end)
  await until('the responder', () => ask('public').catch(() => undefined))
  return end
}

async function ask(name: string): Promise<Buffer> {
  const body = new Uint8Array(requestFor(certificate(name), certificate('ca')))
  const headers = { 'content-type': 'application/ocsp-request' }
  const response = await fetch(responderOf(certificate(name))!, { method: 'POST', headers, body })
  return Buffer.from(await response.arrayBuffer())
}

const read = (answer: Buffer, name = 'public', nowMs = Date.now()) =>
  readAnswer(answer, certificate(name), certificate('ca'), nowMs)

test('an answer is taken from the issuer and from whom it named for that, and from nobody else', async () => {
  for (const signer of ['ca', 'delegate']) {
    const end = await respond('V', signer)
    const answer = await ask('public')
    const { endsMs } = read(answer)
    expect(endsMs - Date.now()).toBeGreaterThan(23 * 3_600_000)
    expect(() => read(answer, 'other')).toThrow('another certificate')
    expect(() => read(answer, 'public', endsMs + 1)).toThrow(/not of now|nobody entitled/)
    expect(() => read(answer, 'public', Date.now() - 3_600_000)).toThrow(/not of now|nobody entitled/)
    const forged = Buffer.from(answer)
    forged[answer.indexOf(Buffer.from(serialOf('public'), 'hex'))]! ^= 1
    expect(() => read(forged)).toThrow()
    await end()
  }
  const end = await respond('V', 'stranger')
  const answer = await ask('public')
  expect(() => read(answer)).toThrow('nobody entitled')
  await end()
  expect(() => read(Buffer.from('nonsense'))).toThrow()
})

test('what says that a certificate was taken back is shown to nobody', async () => {
  const end = await respond('R', 'ca')
  const answer = await ask('public')
  expect(() => read(answer)).toThrow('not good')
  await end()
})

test('a handshake brings it along, also after the certificate has changed; without a responder there is a handshake all the same', async () => {
  const end = await respond('V', 'delegate')
  const lab = await openEdgeLab((_, response) => void response.end('{}'), {
    cores: 1,
    adjust: (config) => {
      appendFileSync(tls('public.pem'), `\n${readFileSync(tls('ca.pem'), 'utf8')}`)
      config.listeners.player.certificates = [{ cert: tls('public.pem'), key: tls('public.key') }]
    },
  })
  try {
    const staple = await until('a staple', () => stapled(lab))
    expect(read(staple).endsMs).toBeGreaterThan(Date.now())
    const told = /^countroom_edge_staple_end_timestamp_seconds\{use="player 2"\} 1\d{9}/m
    await until('the metric', async () => told.test(await lab.metrics()) || undefined)
    const chain = `${readFileSync(tls('other.pem'), 'utf8')}\n${readFileSync(tls('ca.pem'), 'utf8')}`
    writeFileSync(tls('public.key'), readFileSync(tls('other.key')))
    writeFileSync(tls('public.pem'), chain)
    const next = await until('that of the other', async () => {
      const found = await stapled(lab)
      return found && !found.equals(staple) ? found : undefined
    })
    expect(read(next, 'other').endsMs).toBeGreaterThan(Date.now())
    await end()
    await authority.issue('public', 'public', [host], 'ecdsa', [
      new x509.AuthorityInfoAccessExtension({ ocsp: `http://127.0.0.1:${port}/` }),
    ])
    appendFileSync(tls('public.pem'), `\n${readFileSync(tls('ca.pem'), 'utf8')}`)
    await until('nothing stapled', async () => ((await stapled(lab)) === undefined ? true : undefined))
  } finally {
    await lab.stop()
  }
})

test("of two kinds of key each has its own, whichever a client takes; who might get either gets none that is another's", async () => {
  await respond('V', 'delegate')
  const lab = await openEdgeLab((_, response) => void response.end('{}'), {
    cores: 1,
    adjust: (config) => {
      const pair = (name: string) => ({ cert: tls(`${name}.pem`), key: tls(`${name}.key`) })
      for (const name of ['other', 'rsa'])
        appendFileSync(tls(`${name}.pem`), `\n${readFileSync(tls('ca.pem'), 'utf8')}`)
      config.listeners.player.certificates = [pair('other'), pair('rsa')]
    },
  })
  try {
    const cases: Array<[ConnectionOptions, 'other' | 'rsa']> = [
      [{}, 'other'],
      [{ sigalgs: 'ECDSA+SHA256' }, 'other'],
      [{ sigalgs: 'RSA-PSS+SHA256' }, 'rsa'],
      [{ sigalgs: 'RSA-PSS+SHA256:ECDSA+SHA256' }, 'other'],
      [{ sigalgs: 'ECDSA+SHA256', maxVersion: 'TLSv1.2' }, 'other'],
      [{ sigalgs: 'RSA+SHA256', maxVersion: 'TLSv1.2' }, 'rsa'],
      [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, 'rsa'],
    ]
    for (const [wishes, shown] of cases) {
      const options = { ...wishes, rejectUnauthorized: false } // who takes RSA alone cannot judge this authority, which is ECDSA
      const staple = await until('a staple', () => stapled(lab, options))
      expect([wishes, await kindShown(lab, options)]).toEqual([wishes, shown === 'rsa' ? 'rsa' : 'ec'])
      expect(read(staple, shown).endsMs).toBeGreaterThan(Date.now())
    }
  } finally {
    await lab.stop()
  }
})

test.each<[string, (response: ServerResponse) => void]>([
  [
    'without end',
    (response) =>
      void Readable.from(endless())
        .pipe(response)
        .on('error', () => {}),
  ],
  [
    'packed small',
    (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(2 ** 26))),
  ],
  ['in drips', drip],
])('an answer %s is given up, its connection ended, and nothing stapled', { timeout: 60_000 }, async (_, answer) => {
  const ended: Array<Promise<number>> = []
  const responder = createServer((_, response) => answer(response)).on('connection', (socket) => {
    ended.push(new Promise((resolve) => socket.once('close', () => resolve(socket.bytesWritten))))
  })
  await new Promise<void>((resolve) => responder.listen(port, '127.0.0.1', resolve))
  appendFileSync(tls('public.pem'), `\n${readFileSync(tls('ca.pem'), 'utf8')}`)
  const said: string[] = []
  const chain = { cert: readFileSync(tls('public.pem')) }
  const staples = openStaples(
    [{ current: () => chain, onChange: () => {} } as unknown as Certificates],
    (_, endsMs, problem) => said.push(`${endsMs} ${problem}`),
  )
  await until('it is given up', async () => said.length > 0 || undefined, 30)
  expect(said).toEqual([expect.stringMatching(/^0 .*(too long|timeout)/)])
  expect(staples.of(certificate('public').raw)).toBeUndefined()
  const bytes = (await Promise.all(ended)).reduce((sum, each) => sum + each, 0)
  expect(bytes).toBeLessThan(16 * 2 ** 20) // what buffers on the way hold; there was no end of it
  staples.close()
  responder.close()
})

function drip(response: ServerResponse): void {
  const dripping = setInterval(() => response.write('.'), 200)
  response.once('close', () => clearInterval(dripping))
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(16 * 1024)
}

async function kindShown(lab: EdgeLab, options: ConnectionOptions): Promise<string | undefined> {
  const socket = await lab.open({ servername: host, ...options })
  const kind = socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType
  socket.destroy()
  return kind
}

/** What came with a handshake. */
function stapled(lab: EdgeLab, options: ConnectionOptions = {}): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(tls('ca.pem'))
    const socket = connect({ host: '127.0.0.1', port: lab.port, servername: host, ca, requestOCSP: true, ...options })
    let staple: Buffer | undefined
    socket.once('OCSPResponse', (given: Buffer | null) => {
      staple = given ?? undefined
    })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve(staple)
    })
    socket.once('error', reject)
  })
}
