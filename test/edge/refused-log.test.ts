import { connect as connectHttp2 } from 'node:http2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/** Whatever is refused leaves one line that tells which network asked for which kind of thing, under the id that it was answered with. */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab((_, response) => void response.end('{}'), {
    cores: 1,
    limits: {
      rules: [{ name: 'sign-in', by: 'network', classes: ['sign-in'], quota: 1, windowSeconds: 3600, burst: 1 }],
    },
  })
})
afterAll(() => lab?.stop())

const host = 'host: localhost'
const lines = (...all: string[]) => [...all, '', ''].join('\r\n')
const signIn = lines('POST /api/sessions?as=somebody HTTP/1.1', host, 'content-length: 0', 'connection: close')

/** The line of an answer. */
function lineOf(requestId: string): Promise<Record<string, unknown>> {
  return until(`the line of ${requestId}`, async () => {
    const found = lab
      .log()
      .split('\n')
      .filter((line) => line.includes(`"${requestId}"`))
    return found[0] && JSON.parse(found[0])
  })
}

const idIn = (answer: string) => /x-request-id: (req_[0-9a-f]+)/i.exec(answer)![1]!

test.each<[string, string, object]>([
  ['a path of two forms', lines('GET /api//players HTTP/1.1', host), { class: 'read', code: 'edge.target' }],
  ['a method', lines('TRACE /api/me HTTP/1.1', host), { class: 'change', code: 'edge.method' }],
  [
    'a body that is too long for its route',
    lines('POST /api/games/x/rounds HTTP/1.1', host, 'content-length: 99999999'),
    { class: 'bet', status: 413 },
  ],
  ['two hosts', lines('GET /api/statement HTTP/1.1', host, host), { class: 'report', code: 'edge.header_twice' }],
  [
    'a WebSocket without a key',
    lines('GET //live HTTP/1.1', host, 'connection: upgrade', 'upgrade: websocket'),
    { code: 'edge.target' },
  ],
])('%s [S50]', async (_, bytes, wanted) => {
  const line = await lineOf(idIn(await lab.say(bytes)))
  expect(line).toMatchObject({ listener: 'player', network: '127.0.0.0/24', msg: 'refused', ...wanted })
  expect(line).toHaveProperty('class')
  expect(line).not.toHaveProperty('path')
})

test('who asks too often', async () => {
  expect(await lab.say(signIn)).toMatch(/^HTTP\/1\.1 200 /)
  const refused = await lab.say(signIn)
  expect(refused).toMatch(/^HTTP\/1\.1 429 /)
  const wanted = { class: 'sign-in', network: '127.0.0.0/24', status: 429, code: 'edge.too_many_requests' }
  expect(await lineOf(idIn(refused))).toMatchObject(wanted)
})

test('what is no request has a line without a class, and was counted once', async () => {
  const counted = async () =>
    Number(/countroom_edge_refusals_total\{code="edge.malformed"\} (\d+)/.exec(await lab.metrics())?.[1] ?? 0)
  const before = await counted()
  const line = await lineOf(idIn(await lab.say('GET /\x01 nonsense\r\n\r\n')))
  expect(line).toMatchObject({ network: '127.0.0.0/24', status: 400, code: 'edge.malformed' })
  expect(line).not.toHaveProperty('class')
  expect(await counted()).toBe(before + 1)
})

test('what is said behind an answer, to who asks for another protocol meanwhile', async () => {
  const upgrade = lines('GET /live HTTP/1.1', host, 'connection: upgrade', 'upgrade: websocket')
  const said = await lab.say(lines('GET /api/me HTTP/1.1', host) + upgrade)
  const second = said.slice(said.indexOf('HTTP/1.1 400'))
  expect(await lineOf(idIn(second))).toMatchObject({ network: '127.0.0.0/24', code: 'edge.upgrade' })
})

test('over HTTP/2 as well', async () => {
  const session = connectHttp2(`https://localhost:${lab.port}`, { ca: lab.ca })
  const stream = session.request({ ':path': '/api//players' })
  const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve))
  session.destroy()
  const line = await lineOf(String(headers['x-request-id']))
  expect(line).toMatchObject({ class: 'read', network: '127.0.0.0/24', code: 'edge.target' })
})

test('nothing of what was asked for, and no address, stands in a log', () => {
  expect(lab.log()).not.toMatch(/somebody|players|127\.0\.0\.1"/)
})
