import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openCertificates } from '../../edge/tls/files.ts'
import { type Hearing, type Leg, type Outgoing, openUpstream, type Upstream } from '../../edge/upstream/upstream.ts'
import { makeAuthority } from '../support/lab-authority.ts'

/** The edge's connections to a core, before a core that is played byte by byte: who asked gets his answer, once, and nobody else's. */
let dir: string
let authority: Awaited<ReturnType<typeof makeAuthority>>
let core: Played
let upstream: Upstream
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cr-upstream-'))
  authority = await makeAuthority(dir)
  await authority.issue('edge', 'edge', ['edge.countroom.internal'])
  await authority.issue('core-1', 'core', ['core-1.countroom.internal'])
  await authority.issue('core-2', 'core', ['core-2.countroom.internal'])
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(async () => {
  core = await play('core-1')
  upstream = openTo(core)
})
afterEach(async () => {
  await upstream.close()
  core.stop()
})

const lane = 1

// Again where this process stood still between two of them: who has waited for milliseconds has nobody sent behind them.
const together = { retry: 3, timeout: 10_000 }
test(
  'what is asked in one turn goes in one write over one connection, and each gets the answer to what it asked',
  together,
  async () => {
    await warm()
    const asked = ['/a', '/b', '/c'].map((path) => ask({ path, lane }))
    const line = await core.line(0)
    await line.hears('GET /c ')
    expect(core.lines).toHaveLength(1)
    expect(line.pieces.filter((piece) => piece.includes('GET /a'))).toEqual([expect.stringContaining('GET /c')])
    line.say(answer('first') + answer('second').slice(0, 20))
    line.say(answer('second').slice(20) + answer('third'))
    expect(await Promise.all(asked.map(({ heard }) => heard))).toEqual(['200 first', '200 second', '200 third'])
  },
)

test('what may not stand behind another has a connection to itself', async () => {
  const asked = [ask({ path: '/a' }), ask({ path: '/b' }), ask({ path: '/c', lane: 2 }), ask({ path: '/d', lane: 3 })]
  for (const index of [0, 1, 2, 3]) (await core.line(index)).answerAll()
  expect(await Promise.all(asked.map(({ heard }) => heard))).toEqual(['200 /a', '200 /b', '200 /c', '200 /d'])
  expect(core.lines).toHaveLength(4)
})

test('nobody is sent behind somebody who has been waiting', async () => {
  await warm()
  const slow = ask({ path: '/slow', lane })
  await (await core.line(0)).hears('GET /slow ')
  await new Promise((resolve) => setTimeout(resolve, 20))
  const quick = ask({ path: '/quick', lane })
  ;(await core.line(1)).answerAll()
  expect(await quick.heard).toBe('200 /quick')
  ;(await core.line(0)).say(answer('/slow'))
  expect(await slow.heard).toBe('200 /slow')
})

test('a body arrives as it is, whatever its bytes are', async () => {
  const body = Buffer.from(Array.from({ length: 1024 }, (_, index) => index & 255))
  const asked = ask({ method: 'POST', path: '/a', body, headers: ['content-length', String(body.length)] })
  const line = await core.line(0)
  await line.hears('\r\n\r\n')
  while (!line.pieces.join('').endsWith(body.toString('latin1'))) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(line.pieces.join('').split('\r\n\r\n')[1]).toBe(body.toString('latin1'))
  line.say(answer('taken'))
  expect(await asked.heard).toBe('200 taken')
})

test('who is called off ends the connection for itself alone: what stands behind it is asked anew, and answered once', async () => {
  await warm()
  const first = ask({ path: '/first', lane })
  const others = ['/second', '/third'].map((path) => ask({ path, lane }))
  await (await core.line(0)).hears('GET /third ')
  first.leg.abort()
  for (const index of [1, 2]) (await core.line(index)).answerAll()
  expect(await first.heard).toBe('failed, sent')
  expect(await Promise.all(others.map(({ heard }) => heard))).toEqual(['200 /second', '200 /third'])
  expect(others.map(({ answers }) => answers())).toEqual([1, 1])
})

test('who is called off while others are before it costs them nothing, and its answer is read for nobody', async () => {
  await warm()
  const asked = ['/first', '/second', '/third'].map((path) => ask({ path, lane }))
  const line = await core.line(0)
  await line.hears('GET /third ')
  asked[1]!.leg.abort()
  line.answerAll()
  expect(await Promise.all(asked.map(({ heard }) => heard))).toEqual(['200 /first', 'failed, sent', '200 /third'])
  expect(core.lines).toHaveLength(1)
})

test('a connection that ends loses what was sent over it, and says that it was sent', async () => {
  await warm()
  const asked = ['/a', '/b'].map((path) => ask({ path, lane }))
  const line = await core.line(0)
  await line.hears('GET /b ')
  line.say(`${answer('whole')}HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal`)
  line.end()
  expect(await Promise.all(asked.map(({ heard }) => heard))).toEqual(['200 whole', 'failed, sent'])
})

test('an answer that nobody asked for ends the connection: the next to ask does not get it [S57]', async () => {
  await warm()
  const line = await core.line(0)
  line.say(answer('poison'))
  await line.closed
  const asked = ask({ path: '/mine', lane })
  ;(await core.line(1)).answerAll()
  expect(await asked.heard).toBe('200 /mine')
})

test('an answer that is held back comes whole later, and nobody is sent behind it', async () => {
  await warm()
  const first = ask({ path: '/first', lane })
  const line = await core.line(0)
  await line.hears('GET /first ')
  const body = 'x'.repeat(1 << 20)
  line.say(answer(body).slice(0, 1000))
  await first.begun
  first.leg.pause()
  line.say(answer(body).slice(1000))
  const second = ask({ path: '/second', lane })
  ;(await core.line(1)).answerAll()
  expect(await second.heard).toBe('200 /second')
  first.leg.resume()
  expect(await first.heard).toBe(`200 ${body}`)
})

test('what is held back in the middle of a read that brings the end does not hold up the next', async () => {
  await warm()
  const line = await core.line(0)
  let leg: Leg
  const ended = new Promise<void>((resolve) => {
    const hearing: Hearing = { sent() {}, answered() {}, data: () => leg.pause(), ended: resolve, failed() {} }
    leg = upstream.send({ method: 'GET', path: '/held', headers: [], body: Buffer.alloc(0), lane }, hearing)
  })
  await line.hears('GET /held ')
  line.say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n')
  await ended
  const next = ask({ path: '/next', lane })
  await line.hears('GET /next ')
  line.say(answer('/next'))
  expect(await next.heard).toBe('200 /next')
})

test('a core that says it closes is sent nothing more over that connection', async () => {
  await warm()
  const first = ask({ path: '/first', lane })
  const line = await core.line(0)
  await line.hears('GET /first ')
  line.say('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nlast')
  expect(await first.heard).toBe('200 last')
  const second = ask({ path: '/second', lane })
  ;(await core.line(1)).answerAll()
  expect(await second.heard).toBe('200 /second')
})

test('another core than the one that is meant is told nothing', async () => {
  const other = await play('core-2')
  const wrong = openTo(other)
  const asked = ask({ path: '/secret' }, wrong)
  expect(await asked.heard).toBe('failed, not sent')
  expect(other.lines.flatMap(({ pieces }) => pieces)).toEqual([])
  await wrong.close()
  other.stop()
})

/** A first request, so that a connection is open. */
async function warm(): Promise<void> {
  const asked = ask({ path: '/warm' })
  ;(await core.line(0)).answerAll()
  expect(await asked.heard).toBe('200 /warm')
  ;(await core.line(0)).quiet()
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

function ask(
  outgoing: Partial<Outgoing> & { path: string },
  way = upstream,
): { leg: Leg; begun: Promise<void>; heard: Promise<string>; answers(): number } {
  let answers = 0
  let leg!: Leg
  const began = Promise.withResolvers<void>()
  const heard = new Promise<string>((resolve) => {
    let text = ''
    let sent = false
    const hearing: Hearing = {
      sent() {
        sent = true
      },
      answered(status) {
        answers++
        began.resolve()
        text = `${status} `
      },
      data(chunk) {
        text += chunk.toString('latin1')
      },
      ended: () => resolve(text),
      failed: () => resolve(`failed, ${sent ? 'sent' : 'not sent'}`),
    }
    leg = way.send({ method: 'GET', headers: [], body: Buffer.alloc(0), ...outgoing }, hearing)
  })
  return { leg, begun: began.promise, heard, answers: () => answers }
}

function openTo(played: Played): Upstream {
  return openUpstream({
    core: 'core-1',
    address: { host: '127.0.0.1', port: played.port },
    certificates: openCertificates({
      ...authority.files('edge'),
      ca: join(dir, 'tls/ca.pem'),
      crl: join(dir, 'tls/revoked.pem'),
    }),
    connectionsMax: 8,
    connectSecondsMax: 5,
    stillSecondsMax: 5,
    idleSecondsMax: 30,
  })
}

type PlayedLine = {
  pieces: string[]
  closed: Promise<void>
  say(text: string): void
  end(): void
  /** Answers each request with its own path, also those to come. */
  answerAll(): void
  quiet(): void
  hears(text: string): Promise<void>
}
type Played = { port: number; lines: PlayedLine[]; line(index: number): Promise<PlayedLine>; stop(): void }

async function play(name: string): Promise<Played> {
  const tls = (file: string) => readFileSync(join(dir, 'tls', file))
  const lines: PlayedLine[] = []
  const sockets: TLSSocket[] = []
  const server: Server = createServer(
    {
      cert: tls(`${name}.pem`),
      key: tls(`${name}.key`),
      ca: tls('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => {
      sockets.push(socket)
      lines.push(playLine(socket))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    async line(index) {
      while (lines[index] === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
      return lines[index]
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function playLine(socket: TLSSocket): PlayedLine {
  let answering = false
  let answered = 0
  const pieces: string[] = []
  const answerNew = () => {
    const paths = [...pieces.join('').matchAll(/^[A-Z]+ (\S+) HTTP\/1\.1\r\n/gm)].map((match) => match[1]!)
    for (; answering && answered < paths.length; answered++) socket.write(answer(paths[answered]!))
  }
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    pieces.push(chunk.toString('latin1'))
    answerNew()
  })
  return {
    pieces,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    say: (text) => void socket.write(text),
    end: () => void socket.end(),
    answerAll() {
      answering = true
      answerNew()
    },
    quiet() {
      answering = false
    },
    async hears(text) {
      while (!pieces.join('').includes(text)) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}
