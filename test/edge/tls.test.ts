import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpenKey, refuseOpenKey } from '../../edge/tls/private-files.ts'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/** What the edge shows the world before a word of HTTP. */
let lab: EdgeLab
let other: EdgeLab
const answer = (_: unknown, response: import('node:http').ServerResponse) => void response.end('{}')
beforeAll(async () => {
  const secret = randomBytes(32)
  const tickets = (dir: string) => {
    writeFileSync(join(dir, 'tickets'), secret, { mode: 0o600 })
    return { secretFile: join(dir, 'tickets') }
  }
  ;[lab, other] = await Promise.all([
    openEdgeLab(answer, {
      cores: 1,
      limits: { handshakeSecondsMax: 1 },
      adjust: async (config, authority, dir) => {
        config.workers = 2
        config.tickets = tickets(dir)
        await authority.issue('public-rsa', 'public', ['localhost'], 'rsa')
        await authority.issue('second', 'public', ['casino.example', '*.casino.example'])
        config.listeners.player.certificates = [authority.files('public-rsa'), authority.files('second')]
      },
    }),
    openEdgeLab(answer, {
      cores: 1,
      adjust: (config, _, dir) => {
        config.tickets = tickets(dir)
      },
    }),
  ])
})
afterAll(() => Promise.all([lab?.stop(), other?.stop()]))

const ecdsaOnly = { sigalgs: 'ECDSA+SHA256', maxVersion: 'TLSv1.2' } as const
const rsaOnly = { sigalgs: 'RSA-PSS+SHA256:RSA+SHA256', maxVersion: 'TLSv1.2' } as const

/** The certificate that is shown: its name and kind of key. */
async function shown(options: ConnectionOptions, to = lab): Promise<{ name: string; kind: string; serial: string }> {
  const socket = await to.open({ rejectUnauthorized: false, ...options })
  const certificate = socket.getPeerX509Certificate()!
  socket.destroy()
  return {
    name: certificate.subject.replace('CN=', ''),
    kind: certificate.publicKey.asymmetricKeyType!,
    serial: certificate.serialNumber,
  }
}

describe('certificates', () => {
  test.each<[string, ConnectionOptions, { name: string; kind: string }]>([
    ['who takes either', {}, { name: 'public', kind: 'ec' }],
    ['who takes RSA only, by TLS 1.2', rsaOnly, { name: 'public-rsa', kind: 'rsa' }],
    ['who takes RSA only, by TLS 1.3', { sigalgs: 'RSA-PSS+SHA256' }, { name: 'public-rsa', kind: 'rsa' }],
    ['who takes ECDSA only', ecdsaOnly, { name: 'public', kind: 'ec' }],
    ['who asks for another name', { servername: 'casino.example' }, { name: 'second', kind: 'ec' }],
    ['who asks for another name in capitals', { servername: 'CASINO.example' }, { name: 'second', kind: 'ec' }],
    ['who asks for a name below', { servername: 'www.casino.example' }, { name: 'second', kind: 'ec' }],
    ['who asks for a name nobody has', { servername: 'evil.example' }, { name: 'public', kind: 'ec' }],
    ['who asks for no name', { servername: '' }, { name: 'public', kind: 'ec' }],
  ])('%s', async (_, options, wanted) => {
    expect(await shown(options)).toMatchObject(wanted)
  })

  test.each(['a'.repeat(255), '*', '.', '..', 'xn--', '[::1]', '127.0.0.1', 'a b', '\u007f'])(
    'a name that is none ends no worker: %j',
    async (servername) => {
      const { pid } = lab
      const workers = () => execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' }).split(/\s+/)
      const before = workers()
      await shown({ servername }).catch(() => undefined)
      expect(await shown({})).toMatchObject({ name: 'public' })
      expect(workers()).toEqual(expect.arrayContaining(before)) // a spare one may have come meanwhile
    },
  )

  test('a new certificate is shown at once, and connections that are open stay', async () => {
    const open = await lab.open({ servername: 'casino.example' })
    const before = await shown({ servername: 'casino.example' })
    await lab.authority.issue('second', 'public', ['casino.example', '*.casino.example'])
    await until('the new one', async () =>
      (await shown({ servername: 'casino.example' })).serial !== before.serial ? true : undefined,
    )
    open.write('GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(String(await new Promise((resolve) => open.once('data', resolve)))).toMatch(/^HTTP\/1\.1 200 /)
    open.destroy()
  })

  test('a new key that others can read is not taken, and what was good stays', async () => {
    const before = await shown({ servername: 'casino.example' })
    const files = lab.authority.files('second')
    await lab.authority.issue('third', 'public', ['casino.example'])
    const third = lab.authority.files('third')
    chmodSync(third.key, 0o644)
    renameSync(third.key, files.key)
    renameSync(third.cert, files.cert)
    for (let i = 0; i < 5; i++) {
      expect((await shown({ servername: 'casino.example' })).serial).toBe(before.serial)
      await new Promise((resolve) => setTimeout(resolve, 50)) // as often as it looks
    }
    chmodSync(files.key, 0o600)
    writeFileSync(files.cert, execFileSync('cat', [files.cert])) // a change that is seen
    await until('the new one', async () =>
      (await shown({ servername: 'casino.example' })).serial !== before.serial ? true : undefined,
    )
  })

  test('a handshake that does not come to its end is ended, in drips too', async () => {
    const { connect } = await import('node:net')
    const socket = connect(lab.port, '127.0.0.1')
    const hello = Buffer.concat([Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3), Buffer.alloc(500)])
    let at = 0
    const drip = setInterval(() => socket.write(hello.subarray(at, ++at)), 50)
    await new Promise((resolve) =>
      socket
        .on('error', () => {})
        .once('close', resolve)
        .resume(),
    )
    clearInterval(drip)
    expect(at).toBeLessThan(400)
  })
})

test('who asks to shake hands anew on a connection of TLS 1.2 is refused', async () => {
  const socket = await lab.open({ maxVersion: 'TLSv1.2' })
  const refused = new Promise<Error>((resolve) => {
    socket.on('error', resolve)
    socket.renegotiate({}, (error) => error && resolve(error))
  })
  expect(String(await refused)).toMatch(/renegotiation/i)
  socket.destroy()
})

describe('sessions', () => {
  /** Comes, is answered, and leaves with a ticket. */
  async function come(to: EdgeLab, session?: Buffer): Promise<{ resumed: boolean; ticket: Buffer }> {
    const socket = await to.open({ session, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false })
    const resumed = socket.isSessionReused()
    socket.write('GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve)) // tickets come before the first answer
    const ticket = socket.getSession()!
    socket.destroy()
    return { resumed, ticket }
  }

  test('who comes back is known by every worker and every host, before and after a change of certificates', async () => {
    let { ticket } = await come(lab)
    for (let i = 0; i < 8; i++) {
      const next = await come(i % 2 === 0 ? lab : other, ticket)
      expect(next.resumed).toBe(true)
      ticket = next.ticket
    }
    const before = await shown({})
    await lab.authority.issue('public', 'public', ['localhost'])
    await until('the new one', async () => ((await shown({})).serial !== before.serial ? true : undefined))
    for (let i = 0; i < 4; i++) expect((await come(lab, ticket)).resumed).toBe(true)
  })
})

describe('private keys', () => {
  /** Starts an edge with a key of this mode, and answers what it says until it serves or ends. */
  function start(mode: number): Promise<{ served: boolean; said: string }> {
    const key = join(lab.dir, `${mode.toString(8)}.key`)
    copyFileSync(other.authority.files('public').key, key)
    chmodSync(key, mode)
    const config = JSON.parse(readFileSync(join(other.dir, 'edge.json'), 'utf8'))
    for (const face of ['player', 'operator', 'partner']) Object.assign(config.listeners[face], { port: 0, key })
    config.listen.metrics.port = 0
    const file = join(lab.dir, `${mode.toString(8)}.json`)
    writeFileSync(file, JSON.stringify(config))
    const edge = spawn(process.execPath, ['edge/serve.ts', '--config', file])
    return new Promise((resolve) => {
      let said = ''
      const hear = (chunk: Buffer) => {
        said += chunk
        if (said.includes('edge serves')) edge.kill('SIGKILL') // its workers end with it
      }
      edge.stdout.on('data', hear)
      edge.stderr.on('data', hear)
      edge.on('close', () => resolve({ served: said.includes('edge serves'), said }))
    })
  }

  test.each([0o644, 0o640, 0o660, 0o604, 0o700])(
    'mode %d (decimal): the edge does not start, and says what helps',
    async (mode) => {
      const { served, said } = await start(mode)
      expect(served).toBe(false)
      expect(said).toContain('must be 0400 or 0600: chmod 600 ')
      expect(said).not.toContain('    at ')
    },
  )

  test('mode 0400 is taken, and what systemd hands over whatever its mode', () => {
    const key = join(lab.dir, 'handed.key')
    writeFileSync(key, 'a key', { mode: 0o400 })
    expect(() => refuseOpenKey(key)).not.toThrow()
    chmodSync(key, 0o440)
    expect(() => refuseOpenKey(key)).toThrow(OpenKey)
    const before = process.env.CREDENTIALS_DIRECTORY
    process.env.CREDENTIALS_DIRECTORY = lab.dir
    try {
      expect(() => refuseOpenKey(key)).not.toThrow()
    } finally {
      if (before === undefined) delete process.env.CREDENTIALS_DIRECTORY
      else process.env.CREDENTIALS_DIRECTORY = before
    }
  })
})

test('sslscan finds nothing: no old version, no weak suite, no compression, no renegotiation, no Heartbleed [S58]', () => {
  const said = execFileSync(
    'sslscan',
    ['--no-colour', '--show-certificate', `--sni-name=localhost`, `127.0.0.1:${lab.port}`],
    {
      encoding: 'utf8',
    },
  )
  for (const version of ['SSLv2', 'SSLv3', 'TLSv1.0', 'TLSv1.1'])
    expect(said).toMatch(new RegExp(`${version}\\s+disabled`))
  for (const version of ['TLSv1.2', 'TLSv1.3']) expect(said).toMatch(new RegExp(`${version}\\s+enabled`))
  expect(said).toMatch(/Server supports TLS Fallback SCSV/)
  expect(said).toMatch(/Session renegotiation not supported/)
  expect(said).toMatch(/Compression disabled|does not support compression/)
  expect(said).not.toMatch(/(?<!not )vulnerable/)
  const suites = [...said.matchAll(/^(Preferred|Accepted)\s+(TLSv1\.\d)\s+(\d+) bits\s+(\S+)/gm)]
  expect(suites.length).toBeGreaterThan(5)
  for (const [, , , bits, suite] of suites) {
    expect(Number(bits)).toBeGreaterThanOrEqual(128)
    expect(suite).toMatch(/^(TLS_(AES|CHACHA20)|ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20))/)
  }
})
