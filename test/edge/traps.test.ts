import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { host, lines, refused, taken } from './raw-requests.ts'

/**
 * What can be read in two ways, byte by byte over a raw connection: either the edge refuses it and no core hears of it, or the core is asked exactly
 * what the edge read. Node accepts most of the first list by itself.
 */
let lab: EdgeLab
let gone = false
beforeAll(async () => {
  lab = await openEdgeLab((asked, response) => {
    response.setHeader('content-type', 'application/json')
    if (asked.url === '/slow') setTimeout(() => response.end('{"slow":true}'), 300)
    else if (asked.url === '/breaks') {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half of it', () => response.destroy())
    } else if (asked.url === '/waits') {
      response.once('close', () => {
        gone = true
      })
    } else if (asked.url === '/answer') {
      response.removeHeader('content-type')
      response.setHeader('x-secret', 'x')
      response.setHeader('connection', 'x-secret, keep-alive')
      response.setHeader('x-hono-already-sent', 'true')
      response.setHeader('proxy-authenticate', 'Basic')
      response.setHeader('keep-alive', 'timeout=5')
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.end('{}')
    } else response.end(JSON.stringify({ url: asked.url }))
  })
})
afterAll(() => lab?.stop())
afterEach(() => {
  for (const core of lab.cores) core.asked.length = 0
})
const asked = () => lab.cores.flatMap((core) => core.asked)

describe('refused, and no core is asked [GLI-B.4.3d] [S57]', () => {
  test.each(refused)('%s', async (_, bytes) => {
    const said = await lab.say(Buffer.from(bytes, 'latin1'))
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d |^$/)
    expect(said).not.toMatch(/^HTTP\/1\.1 2/)
    if (said !== '') expect(said).toContain('application/problem+json')
    expect(asked()).toEqual([])
  })
})

describe('taken, and the core is asked what was read', () => {
  test.each(taken)('%s', async (_, bytes, wanted) => {
    const said = await lab.say(bytes)
    expect(said).toMatch(/HTTP\/1\.1 200 /)
    expect(asked()).toMatchObject([wanted])
  })

  test('nothing that only the edge may say comes from outside, nor what belongs to one connection [S57]', async () => {
    const forged = [
      'x-request-id',
      'x-forwarded-for',
      'x-forwarded-anything',
      'x-real-ip',
      'forwarded',
      'x-client-certificate',
      'x-person-certificate',
      'x-deadline',
      'x-hono-already-sent',
      'te',
      'proxy-authorization',
      'keep-alive',
    ]
    await lab.say(lines('GET /x HTTP/1.1', host, 'connection: close, te', ...forged.map((name) => `${name}: forged`)))
    const [one] = asked()
    expect(one!.headers.filter((value) => value.includes('forged'))).toEqual([])
    const at = (name: string) =>
      one!.headers[one!.headers.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name) + 1]
    expect(at('x-forwarded-for')).toBe('127.0.0.1')
    expect(at('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  })
})

describe('a request under way is never lost to what follows it', () => {
  test.each([
    ['junk', '\u0000\u0001 junk\r\n\r\n'],
    ['a request that cannot be read', 'GET /y HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n'],
    ['a request after the last one', 'GET /y HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ])('%s', async (_, junk) => {
    const last = _ === 'a request after the last one' ? ['connection: close'] : []
    const said = await lab.say(lines('GET /slow HTTP/1.1', host, ...last) + junk)
    expect(said).toMatch(/^HTTP\/1\.1 200 /)
    expect(said).toContain('{"slow":true}')
    expect(asked().map(({ url }) => url)).toEqual(['/slow'])
  })

  const knock = ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: x']
  test('a WebSocket: it is refused behind the answer', async () => {
    const said = await lab.say(lines('GET /slow HTTP/1.1', host) + lines('GET /live HTTP/1.1', host, ...knock))
    expect(said).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"slow":true\}[\s\S]*HTTP\/1\.1 400 /)
    expect(asked().map(({ url }) => url)).toEqual(['/slow'])
  })

  const refused = lines('GET //x HTTP/1.1', host)
  const bet = `${lines('POST /bet HTTP/1.1', host, 'content-length: 2')}{}`
  test('behind what was refused nothing is begun that nobody would hear of', async () => {
    expect((await lab.say(refused + bet)).match(/HTTP\/1\.1 /g)).toHaveLength(1)
    const said = await lab.say(lines('GET /slow HTTP/1.1', host) + refused + bet)
    expect(said).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"slow":true\}[\s\S]*HTTP\/1\.1 400 /)
    expect(said.match(/HTTP\/1\.1 /g)).toHaveLength(2)
    expect(asked().map(({ url }) => url)).toEqual(['/slow'])
  })

  test('what was begun is answered, also where the one before it turns out to be refused only then', async () => {
    const deep = '['.repeat(200)
    const json = ['content-type: application/json', `content-length: ${deep.length}`]
    const said = await lab.say(lines('POST /api/sessions HTTP/1.1', host, ...json) + deep + bet)
    expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
    expect(asked().map(({ url }) => url)).toEqual(['/bet'])
  })
})

describe('what a core answers', () => {
  test('what belongs to its connection, or would mean something to the edge, stays there; cookies stay apart', async () => {
    const said = await lab.say(lines('GET /answer HTTP/1.1', host, 'connection: close'))
    const [head = ''] = said.split('\r\n\r\n')
    for (const name of ['x-secret', 'x-hono-already-sent', 'proxy-authenticate', 'keep-alive', 'trailer'])
      expect(head.toLowerCase()).not.toContain(`\r\n${name}:`)
    expect(head.match(/\r\nset-cookie: /gi)).toHaveLength(2)
    expect(head.toLowerCase()).not.toContain('content-type') // it had none
  })

  test('an answer that breaks off in the middle is never taken for a whole one', async () => {
    const said = await lab.say(lines('GET /breaks HTTP/1.1', host, 'connection: close'))
    const body = said.split('\r\n\r\n')[1] ?? ''
    expect(said).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(body.length).toBeLessThan(100)
  })

  test('when the client goes, the core hears of it', async () => {
    const socket = await lab.open()
    socket.write(lines('GET /waits HTTP/1.1', host))
    await until('the core to be asked', async () => asked().some(({ url }) => url === '/waits') || undefined)
    socket.destroy()
    await until('the core to hear that the client is gone', async () => gone || undefined)
  })
})
