import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { host, lines } from './raw-requests.ts'

/** WebSockets byte by byte, through the edge to a core: nothing of what a client says goes on before the core has opened one. */
let lab: EdgeLab
const heard: string[] = []
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
const opens = lines(
  'HTTP/1.1 101 Switching Protocols',
  'upgrade: websocket',
  'connection: Upgrade',
  `sec-websocket-accept: ${accept}`,
)
const answers: Record<string, string> = {
  '/opens': `${opens}hello`,
  '/says-no': `${lines('HTTP/1.1 403 Forbidden', 'connection: x-secret, keep-alive', 'x-secret: 1', 'keep-alive: timeout=5', 'content-length: 2')}no`,
  '/other-key': opens.replace(accept, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
  '/other-protocol': opens.replace('upgrade: websocket', 'upgrade: h2c'),
  '/two-lengths': `${lines('HTTP/1.1 200 OK', 'content-length: 2', 'content-length: 3')}abc`,
  '/says-nothing': '',
}
beforeAll(async () => {
  lab = await openEdgeLab((_, response) => void response.end('{}'), { cores: 1, limits: { webSocketsNetworkMax: 2 } })
  lab.cores[0]!.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    heard.push(head.toString('latin1'))
    socket.on('data', (chunk) => heard.push(chunk.toString('latin1')))
    socket.write(answers[request.url!]!)
  })
})
afterAll(() => lab?.stop())
afterEach(() => {
  heard.length = 0
})

const knock = (path: string, ...more: string[]) =>
  lines(
    `GET ${path} HTTP/1.1`,
    host,
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${key}`,
    ...more,
  )
const hidden = lines('GET /hidden HTTP/1.1', 'host: core', 'x-forwarded-for: 192.0.2.1')

test('one that opens carries both ways what comes from then on, and stands in the log and among the requests', async () => {
  const said = await lab.say(`${knock('/opens')}first`)
  const [head = '', body] = said.split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 101 /)
  expect(head).toContain(`sec-websocket-accept: ${accept}`)
  expect(body).toMatch(/^hello/)
  expect(heard.join('')).toBe('first')
  await until('its line', async () => (/"path":"\/opens".*"status":101/.test(lab.log()) ? true : undefined))
  const counted = /requests_total\{listener="player",class="page",status="1xx",core="core-1"\} 1/
  await until('its count', async () => (counted.test(await lab.metrics()) ? true : undefined))
})

test('another answer is passed on as any answer is, ends the connection, and nothing behind the question reaches the core [S57]', async () => {
  const said = await lab.say(knock('/says-no') + hidden, 5000)
  expect(said).toMatch(/^HTTP\/1\.1 403 [\s\S]*\r\nconnection: close\r\n\r\nno$/)
  expect(said.toLowerCase()).not.toMatch(/x-secret|keep-alive/)
  expect(heard.join('')).toBe('')
  expect(lab.cores[0]!.asked).toEqual([])
})

test.each(['/other-key', '/other-protocol', '/two-lengths', '/says-nothing'])(
  'an answer that is none, or does not come, is not passed on: %s',
  async (path) => {
    const said = await lab.say(knock(path) + hidden, 15_000)
    expect(said).toMatch(/^HTTP\/1\.1 502 [\s\S]*edge\.no_answer/)
    expect(heard.join('')).toBe('')
  },
)

test('who has too many open is told when to come again', async () => {
  const open = await Promise.all([lab.open(), lab.open()])
  for (const socket of open) {
    socket.on('error', () => {}).write(knock('/opens'))
    await new Promise((resolve) => socket.once('data', resolve))
  }
  expect(await lab.say(knock('/opens'))).toMatch(/^HTTP\/1\.1 429 [\s\S]*\r\nretry-after: \d+\r\n/)
  for (const socket of open) socket.destroy()
})
