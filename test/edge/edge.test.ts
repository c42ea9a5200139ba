import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, type Client, depositByCard, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'

/** The edge from outside, over raw connections: what it negotiates, refuses, passes on, and how it leaves. */
let appliance: Appliance
let home: string
let ca: Buffer
let port: number
beforeAll(async () => {
  home = newHome()
  appliance = await startAppliance({ home, freePorts: true })
  ca = readFileSync(appliance.card().ca)
  port = Number(new URL(appliance.urls.lobby).port)
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

describe('transport', () => {
  test.each(['TLSv1.3', 'TLSv1.2'] as const)(
    '%s is spoken, with forward secrecy and authenticated encryption',
    async (version) => {
      const socket = await open({ minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      expect(socket.getCipher().standardName).toMatch(/^TLS_(ECDHE_\w+_WITH_)?(AES_\d+_GCM|CHACHA20_POLY1305)/)
      socket.destroy()
    },
  )

  test('older versions and weak suites are refused', async () => {
    await expect(open({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow()
    await expect(open({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })).rejects.toThrow()
  })

  test('no core lets anybody in who is not the edge', async () => {
    const { ports } = appliance.card()
    const stranger = { port: ports.core1Player!, servername: 'core-1.countroom.internal' }
    expect(await say('GET /health/ready HTTP/1.1\r\nhost: core\r\n\r\n', stranger)).not.toContain('200')
    const tls = (file: string) => readFileSync(join(home, 'tls', file))
    const worker = { ...stranger, cert: tls('work-1.pem'), key: tls('work-1.key') } // of our authority, but not the edge
    expect(await say('GET /health/ready HTTP/1.1\r\nhost: core\r\n\r\n', worker)).not.toContain('200')
  })
})

describe('one reading [GLI-B.4.3d]', () => {
  const head = (lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
  const host = 'host: localhost'

  test.each<[string, string, number]>([
    ['a header over the limit', head(['GET / HTTP/1.1', host, `x: ${'a'.repeat(20_000)}`]), 431],
    ['an address over the limit', head([`GET /${'a'.repeat(4000)} HTTP/1.1`, host]), 414],
    ['a body over the limit', head(['POST /api/sessions HTTP/1.1', host, 'content-length: 70000']), 413],
    ['two lengths', head(['POST / HTTP/1.1', host, 'content-length: 1', 'content-length: 2']), 400],
    ['a length and chunks', head(['POST / HTTP/1.1', host, 'content-length: 1', 'transfer-encoding: chunked']), 400],
    ['an encoding in disguise', head(['POST / HTTP/1.1', host, 'transfer-encoding: xchunked']), 411],
    ['two hosts', head(['GET / HTTP/1.1', host, 'host: evil.example']), 400],
    ['no host', head(['GET / HTTP/1.1']), 400],
    ['a climbing path', head(['GET /assets/../api/me HTTP/1.1', host]), 400],
    ['an encoded slash', head(['GET /assets%2fx HTTP/1.1', host]), 400],
    ['a body where none belongs', head(['GET / HTTP/1.1', host, 'content-length: 3']), 400],
    ['a method nobody takes', head(['TRACE / HTTP/1.1', host]), 405],
    ['HTTP/1.0', head(['GET / HTTP/1.0', host]), 400],
    ['a folded header', `GET / HTTP/1.1\r\n${host}\r\nx: a\r\n b\r\n\r\n`, 400],
    ['a bare line feed', `GET / HTTP/1.1\n${host}\n\n`, 400],
  ])('%s is refused with a problem', async (_, request, status) => {
    const answer = await say(request)
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
    expect(answer).toContain('application/problem+json')
    expect(answer).toMatch(/"code":"edge\.\w+"/)
  })

  test('what only the edge may say is dropped when a stranger says it, and every request has an id of its own [S57]', async () => {
    const forged = head([
      'GET /api/games HTTP/1.1',
      host,
      'x-request-id: mine',
      'x-forwarded-for: 1.2.3.4',
      'connection: close',
    ])
    const ids = await Promise.all(
      [say(forged), say(forged)].map(async (answer) => /x-request-id: (\S+)/i.exec(await answer)?.[1]),
    )
    expect(ids[0]).toMatch(/^req_/)
    expect(new Set(ids).size).toBe(2)
    const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
    for (let i = 0; i < 3; i++)
      await client.ask(
        'POST',
        '/api/sessions',
        { email: 'x@example.com', password: 'x' },
        { 'x-forwarded-for': '1.2.3.4' },
      )
    await client.close()
    const log = readFileSync(join(home, 'log/core-1.log'), 'utf8') + readFileSync(join(home, 'log/core-2.log'), 'utf8')
    expect(log).not.toContain('1.2.3.4')
  })

  test('a request that hides behind another is never run [S57]', async () => {
    const smuggled = 'GET /api/terms HTTP/1.1\r\nhost: localhost\r\n\r\n'
    const answer = await say(
      `${head(['POST /api/sessions HTTP/1.1', host, 'content-length: 4', 'transfer-encoding: chunked'])}0\r\n\r\n${smuggled}`,
    )
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })
})

describe('balance', () => {
  test('its own health says which cores are sound', async () => {
    const answer = await askHealth()
    expect(answer).toContain('200 OK')
    expect(answer).toContain(bothHealthy)
  })

  test('both cores get their share', async () => {
    const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca, connections: 16 })
    const one = async () => {
      for (let i = 0; i < 13; i++) await client.ask('GET', '/api/games')
    }
    await Promise.all(Array.from({ length: 16 }, one)) // fewer at a time than one network may have under way
    await client.close()
    const { ports } = appliance.card()
    const text = await (await fetch(`http://127.0.0.1:${ports.edgeMetrics}/metrics`)).text()
    const share = (core: string) =>
      [...text.matchAll(new RegExp(`^countroom_edge_requests_total\\{.*core="${core}".*\\} (\\d+)$`, 'gm'))].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      )
    expect(share('core-1') + share('core-2')).toBeGreaterThanOrEqual(200)
    expect(Math.min(share('core-1'), share('core-2'))).toBeGreaterThan(20)
  })
})

const bothHealthy = '{"name":"core-1","healthy":true},{"name":"core-2","healthy":true}'

function askHealth(): Promise<string> {
  return say('GET /edge/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
}

/** Who is told to stop next may be the only one left as long as the other starts. */
async function bothServe(): Promise<boolean> {
  return (await askHealth().catch(() => '')).includes(bothHealthy)
}

test('core and edge told to stop drain: nobody who keeps his key loses a bet', { timeout: 120_000 }, async () => {
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca, connections: 8 })
  await arrive(client, appliance.urls)
  await depositByCard(client, '100.00')
  let playing = true
  let answered = 0
  const broken: string[] = []
  const play = Array.from({ length: 8 }, async () => {
    while (playing) if (await settled(client, broken)) answered++
  })
  for (const name of ['core-1', 'core-2', 'edge']) {
    const before = appliance.processes().find((unit) => unit.name === name)!
    process.kill(before.pid!, 'SIGTERM')
    await until(`another ${name}`, async () => {
      const now = appliance.processes().find((unit) => unit.name === name)!
      return now.pid && now.pid !== before.pid ? true : undefined
    })
    await until('both cores to serve', async () => ((await bothServe()) ? true : undefined))
    await until('more answers', async () => (answered > 50 ? true : undefined))
    answered = 0
  }
  playing = false
  await Promise.all(play)
  await client.close()
  expect(broken).toEqual([])
})

/** One bet to its end: a connection that is refused while the edge restarts is asked again; anything cut off is broken. */
async function settled(client: Client, broken: string[]): Promise<boolean> {
  const key = randomUUID()
  const bet = { bets: [{ on: 'red', amount: '0.10' }] }
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      const answer = await client.ask('POST', '/api/games/roulette-european/rounds', bet, { 'idempotency-key': key })
      if (answer.status === 200) return true
      broken.push(`${answer.status} ${answer.raw}`)
      return false
    } catch (error) {
      const { code } = error as { code?: string }
      // A server may close an idle connection at the moment a request leaves; the bytes were then never read.
      if (!['ECONNREFUSED', 'UND_ERR_SOCKET', 'ECONNRESET'].includes(code ?? '')) broken.push(String(error))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  broken.push('never answered')
  return false
}

function open(options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends bytes and answers all that comes back until the other side closes or is silent for a while. */
async function say(request: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = await open(options)
  return new Promise((resolve) => {
    let heard = ''
    const done = () => {
      socket.destroy()
      resolve(heard)
    }
    socket.setTimeout(1500, done)
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.once('end', done)
    socket.once('error', done)
    socket.once('close', done)
    socket.write(request)
  })
}
