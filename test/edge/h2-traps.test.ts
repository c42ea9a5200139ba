import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { type Fields, flags, frame, get, pack, post, preface, Talk, types } from '../support/frames.ts'

/**
 * HTTP/2 frame by frame, through the edge to a core that speaks HTTP/1.1: either no core hears of a request, or it is asked exactly what the edge
 * read. And what nobody ends by themselves, the edge ends.
 */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab(
    (asked, response) => {
      response.setHeader('content-type', 'application/json')
      if (asked.url === '/slow') setTimeout(() => response.end('{"slow":true}'), 300)
      else if (asked.url === '/large') response.end('x'.repeat(400_000))
      else if (asked.url === '/hop') {
        response.setHeader('keep-alive', 'timeout=5')
        response.setHeader('set-cookie', ['a=1', 'b=2'])
        response.end('{}')
      } else response.end(JSON.stringify({ url: asked.url, body: asked.body }))
    },
    {
      limits: {
        prefaceSecondsMax: 1,
        headersSecondsMax: 1,
        requestSecondsMax: 2,
        keepAliveSecondsMax: 3,
        answerSecondsMax: 2,
      },
    },
  )
})
afterAll(() => lab?.stop())
afterEach(() => {
  for (const core of lab.cores) core.asked.length = 0
})
const asked = () => lab.cores.flatMap((core) => core.asked)
const without = (fields: Fields, name: string): Fields => fields.filter(([each]) => each !== name)
const swap = (fields: Fields, name: string, value: string): Fields =>
  fields.map(([each, old]) => [each, each === name ? value : old] as const)

async function talk<T>(work: (one: Talk) => Promise<T>, greet = true): Promise<T> {
  const one = await Talk.open(lab, greet)
  try {
    return await work(one)
  } finally {
    one.end()
  }
}

describe('refused, and no core is asked [GLI-B.4.3d] [S57]', () => {
  test.each<[string, Fields, string?]>([
    ['a pseudo header twice', [...get('/x').slice(0, 3), [':path', '/y'], [':authority', 'localhost']]],
    [
      'a pseudo header behind another header',
      [...get('/x').slice(0, 3), ['accept', '*/*'], [':authority', 'localhost']],
    ],
    ['a pseudo header nobody knows', [[':method', 'GET'], [':evil', '1'], ...get('/x').slice(1)]],
    ['a pseudo header of answers', [[':status', '200'], ...get('/x')]],
    ['no path', without(get('/x'), ':path')],
    ['an empty path', swap(get('/x'), ':path', '')],
    ['no method', without(get('/x'), ':method')],
    ['no scheme', without(get('/x'), ':scheme')],
    ['another scheme', swap(get('/x'), ':scheme', 'http')],
    ['no authority and no Host', without(get('/x'), ':authority')],
    ['another Host than authority', get('/x', ['host', 'evil.example'])],
    ['a Host twice', [...without(get('/x'), ':authority'), ['host', 'localhost'], ['host', 'evil.example']]],
    ['an authority with a user', swap(get('/x'), ':authority', 'u@localhost')],
    ['an authority with a path', swap(get('/x'), ':authority', 'localhost/x')],
    ['a name in capital letters', get('/x', ['X-Capital', '1'])],
    ['a name with an underscore', post('/x', ['content_length', '5'])],
    ['bytes above ASCII in a value', get('/x', ['x-a', 'caf\u00e9'])],
    ['a line break in the path', swap(get('/x'), ':path', '/x HTTP/1.1\r\nhost: evil\r\n\r\nGET /y')],
    ['a space in the path', swap(get('/x'), ':path', '/x y')],
    ['a space in the method', swap(get('/x'), ':method', 'GET /y HTTP/1.1')],
    ['an absolute path', swap(get('/x'), ':path', 'https://localhost/x')],
    ['the path *', swap(get('/x'), ':path', '*')],
    ['a path that climbs', get('/a/../b')],
    ['an encoded slash', get('/a%2fb')],
    ['a fragment', get('/a#b')],
    ['a backslash', get('/a\\b')],
    ['an encoded backslash', get('/a%5cb')],
    ['an encoded zero', get('/a%00b')],
    ['an encoded line break', get('/a%0d%0ab')],
    ['an encoded dot', get('/a/%2e%2e/b')],
    ['two questions', get('/a?b?c')],
    ['an empty authority', swap(get('/x'), ':authority', '')],
    ['two authorities in one', swap(get('/x'), ':authority', 'localhost,evil.example')],
    ['a method that no core knows', swap(get('/x'), ':method', 'QUERY')],
    ['Connection', get('/x', ['connection', 'close'])],
    ['Keep-Alive', get('/x', ['keep-alive', 'timeout=5'])],
    ['Proxy-Connection', get('/x', ['proxy-connection', 'close'])],
    ['Upgrade', get('/x', ['upgrade', 'websocket'])],
    ['Transfer-Encoding', post('/x', ['transfer-encoding', 'chunked']), '5\r\nhello\r\n0\r\n\r\n'],
    ['a TE other than trailers', get('/x', ['te', 'gzip'])],
    ['a length greater than the body', post('/x', ['content-length', '9']), 'hello'],
    ['a length less than the body', post('/x', ['content-length', '3']), 'hello'],
    ['two lengths', post('/x', ['content-length', '5'], ['content-length', '6']), 'hello'],
    ['the same length twice', post('/x', ['content-length', '5'], ['content-length', '5']), 'hello'],
    ['a length with a sign', post('/x', ['content-length', '+5']), 'hello'],
    ['a length with zeros in front', post('/x', ['content-length', '0005']), 'hello'],
    ['a length and no body', post('/x', ['content-length', '5'])],
    ['a body of GET', get('/x'), 'hello'],
    ['a body of GET with a length', get('/x', ['content-length', '5']), 'hello'],
    ['two keys', post('/x', ['idempotency-key', 'a'], ['idempotency-key', 'b'])],
    ['two content types', post('/x', ['content-type', 'text/plain'], ['content-type', 'application/json'])],
    ['an expectation that is none', post('/x', ['expect', '200-maybe'])],
    ['TRACE', swap(get('/x'), ':method', 'TRACE')],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'localhost:443'],
      ],
    ],
    ['CONNECT for a WebSocket', [[':method', 'CONNECT'], [':protocol', 'websocket'], ...get('/x').slice(1)]],
    ['more headers than anybody needs', get('/x', ...Array.from({ length: 300 }, (_, i) => [`x-${i}`, '1'] as const))],
    ['headers over the limit', get('/x', ['x-a', 'a'.repeat(9_000)], ['x-b', 'a'.repeat(9_000)])],
  ])('%s', (_, fields, body) =>
    talk(async (one) => {
      one.ask(1, fields, body)
      const { status, reset } = await one.answer(1)
      const refused = (status !== undefined && status >= 400 && status < 500) || reset !== undefined
      expect(refused || one.goaway !== undefined || one.closed, `${status} ${reset}`).toBe(true)
      expect(asked()).toEqual([])
    }),
  )

  test('a body over the limit', () =>
    talk(async (one) => {
      one.write(frame(types.headers, flags.endHeaders, 1, pack(post('/x'))))
      for (let i = 0; i < 4; i++) one.write(frame(types.data, 0, 1, Buffer.alloc(16_000)))
      await one.until('room for more', () => one.frames.some(({ type }) => type === types.windowUpdate))
      one.write(frame(types.data, flags.endStream, 1, Buffer.alloc(16_000)))
      expect((await one.answer(1)).status).toBe(413)
      expect(asked()).toEqual([])
    }))

  test('fields behind a body', () =>
    talk(async (one) => {
      one.write(
        frame(types.headers, flags.endHeaders, 1, pack(post('/x'))),
        frame(types.data, 0, 1, Buffer.from('hello')),
      )
      one.write(frame(types.headers, flags.endHeaders | flags.endStream, 1, pack([['x-client-certificate', 'forged']])))
      expect((await one.answer(1)).status).toBe(400)
      expect(asked()).toEqual([])
    }))

  test('a body that its sender takes back', () =>
    talk(async (one) => {
      one.write(frame(types.headers, flags.endHeaders, 1, pack(post('/x', ['content-length', '5']))))
      one.write(frame(types.data, 0, 1, Buffer.from('he')), frame(types.reset, 0, 1, Buffer.of(0, 0, 0, 8)))
      one.ask(3, get('/after'))
      expect((await one.answer(3)).status).toBe(200)
      expect(asked().map(({ url }) => url)).toEqual(['/after'])
    }))

  test.each<[string, (one: Talk) => void]>([
    ['data on a stream that nobody opened', (one) => one.write(frame(types.data, 0, 1, Buffer.from('x')))],
    ['a stream with an even number', (one) => one.ask(2, get('/x'))],
    ['a stream with a number that was passed', (one) => one.write(frame(types.headers, 5, 0, pack(get('/x'))))],
    [
      'another frame inside a head',
      (one) => {
        one.write(frame(types.headers, flags.endStream, 1, pack(get('/x'))), frame(types.ping, 0, 0, Buffer.alloc(8)))
      },
    ],
    ['a frame that is longer than agreed', (one) => one.write(frame(types.data, 0, 1, Buffer.alloc(20_000)))],
    ['a promise of a client', (one) => one.write(frame(types.push, flags.endHeaders, 1, Buffer.of(0, 0, 0, 2)))],
    ['a head that cannot be unpacked', (one) => one.write(frame(types.headers, 5, 1, Buffer.of(0xff, 0xff, 0xff)))],
    ['a ping of the wrong length', (one) => one.write(frame(types.ping, 0, 0, Buffer.alloc(7)))],
    [
      'settings that make no sense',
      (one) => one.write(frame(types.settings, 0, 0, Buffer.of(0, 4, 255, 255, 255, 255))),
    ],
    ['a window of nothing', (one) => one.write(frame(types.windowUpdate, 0, 0, Buffer.alloc(4)))],
  ])('%s ends the connection', (_, send) =>
    talk(async (one) => {
      send(one)
      await one.until('the end', () => one.closed)
      expect(asked()).toEqual([])
    }),
  )
})

describe('taken, and the core is asked what was read', () => {
  const headersOf = (name: string) => {
    const { headers } = asked()[0]!
    return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === name)
  }

  test.each<[string, Fields, string | undefined, { method: string; url: string; body: string }]>([
    ['an address with a query', get('/a/b?c=d%20e&f'), undefined, { method: 'GET', url: '/a/b?c=d%20e&f', body: '' }],
    [
      'a body with its length',
      post('/x', ['content-length', '5']),
      'hello',
      { method: 'POST', url: '/x', body: 'hello' },
    ],
    ['a body without', post('/x'), 'hello', { method: 'POST', url: '/x', body: 'hello' }],
    ['an empty body', post('/x'), '', { method: 'POST', url: '/x', body: '' }],
    ['GET with an empty body', get('/x'), '', { method: 'GET', url: '/x', body: '' }],
    [
      'a body that is waited for',
      post('/x', ['expect', '100-continue']),
      'hello',
      { method: 'POST', url: '/x', body: 'hello' },
    ],
    [
      'Host alone',
      [...without(get('/x'), ':authority'), ['host', 'localhost']],
      undefined,
      { method: 'GET', url: '/x', body: '' },
    ],
    [
      'TE: trailers, which stays here',
      get('/x', ['te', 'trailers']),
      undefined,
      { method: 'GET', url: '/x', body: '' },
    ],
  ])('%s', (_, fields, body, wanted) =>
    talk(async (one) => {
      one.ask(1, fields, body)
      expect((await one.answer(1)).ended).toBe(true)
      expect(asked()).toMatchObject([wanted])
      expect(headersOf('content-length')).toEqual(wanted.method === 'GET' ? [] : [String(wanted.body.length)])
      expect(headersOf('x-forwarded-host')).toEqual(['localhost'])
      expect(headersOf('te')).toEqual([])
    }),
  )

  test.each<[string, string, string]>([
    ['an empty name', '', 'forged'],
    ['a name with a colon', 'a:b', 'forged'],
    ['a line break in a name', 'x-a: forged\r\nx-b', '1'],
    ['a line break in a value', 'x-a', '1\r\nx-client-certificate: forged'],
    ['a NUL in a value', 'x-a', 'forged\0'],
  ])('%s: the library drops the field, and the core never sees it', (_, name, value) =>
    talk(async (one) => {
      one.ask(1, get('/x', [name, value], ['accept', '*/*']))
      expect((await one.answer(1)).status).toBe(200)
      expect(asked()).toMatchObject([{ method: 'GET', url: '/x' }])
      expect(asked()[0]!.headers.join()).not.toContain('forged')
      expect(headersOf('accept')).toEqual(['*/*'])
    }),
  )

  test('crumbs of a cookie are one cookie', () =>
    talk(async (one) => {
      one.ask(1, get('/x', ['cookie', 'a=1'], ['accept', '*/*'], ['cookie', 'b=2'], ['cookie', 'c=3']))
      expect((await one.answer(1)).status).toBe(200)
      expect(headersOf('cookie')).toEqual(['a=1; b=2; c=3'])
    }))

  test('a head in many pieces', () =>
    talk(async (one) => {
      const block = pack(get('/pieces'))
      one.write(frame(types.headers, flags.endStream, 1, block.subarray(0, 5)))
      one.write(frame(types.continuation, 0, 1, block.subarray(5, 20)))
      one.write(frame(types.continuation, flags.endHeaders, 1, block.subarray(20)))
      expect((await one.answer(1)).status).toBe(200)
      expect(asked()).toMatchObject([{ method: 'GET', url: '/pieces' }])
    }))

  test('nothing that only the edge may say comes from outside [S57]', () =>
    talk(async (one) => {
      const forged = [
        'x-request-id',
        'x-forwarded-for',
        'x-forwarded-proto',
        'x-forwarded-anything',
        'x-real-ip',
        'forwarded',
      ]
      forged.push(
        'x-client-certificate',
        'x-person-certificate',
        'x-hono-already-sent',
        'proxy-authorization',
        'trailer',
        'x-deadline',
        'x-client-country',
        'x-player',
        'x-player-wanted',
        'x-proof',
        'traceparent',
        'tracestate',
      )
      one.ask(1, get('/x', ...forged.map((name) => [name, 'forged'] as const)))
      expect((await one.answer(1)).status).toBe(200)
      expect(asked()[0]!.headers.filter((value) => value.includes('forged'))).toEqual([])
      expect(headersOf('x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(headersOf('x-request-id')).toEqual([expect.stringMatching(/^req_[0-9a-f]{32}$/)])
    }))

  test('one that is reset costs its neighbours nothing, and answers come as they are ready', () =>
    talk(async (one) => {
      one.ask(1, get('/slow'))
      one.ask(3, get('/quick', ['connection', 'close']))
      one.ask(5, get('/quick'))
      expect((await one.answer(5)).status).toBe(200)
      expect(one.heard(1).status).toBeUndefined()
      expect((await one.answer(1)).body).toBe('{"slow":true}')
      expect(one.heard(3).reset).toBe(1)
    }))

  test('what belongs to a connection stays behind in the answer too, and cookies stay apart', async () => {
    const client = connect(`https://localhost:${lab.port}`, { ca: readFileSync(join(lab.dir, 'tls/ca.pem')) })
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      client.on('error', reject)
      client.request({ ':path': '/hop' }).on('response', resolve).on('error', reject).resume()
    })
    client.close()
    expect(headers).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] })
    expect(headers).not.toHaveProperty('keep-alive')
    expect(headers).not.toHaveProperty('connection')
  })

  test('an answer waits for a client that reads slowly, and comes whole', () =>
    talk(async (one) => {
      one.ask(1, get('/large'))
      await one.until('a full window', () => one.heard(1).body.length === 65_535)
      const more = Buffer.alloc(4)
      more.writeUInt32BE(500_000)
      one.write(frame(types.windowUpdate, 0, 0, more), frame(types.windowUpdate, 0, 1, more))
      expect((await one.answer(1)).body.length).toBe(400_000)
    }))
})

describe.concurrent('nobody holds a connection by saying little', () => {
  const heard = () => asked().map(({ url }) => url)
  const drip = (one: Talk, bytes: Buffer) => {
    let at = 0
    const dripping = setInterval(() => one.write(bytes.subarray(at, ++at)), 100)
    one.socket.on('close', () => clearInterval(dripping))
  }
  const ends = (one: Talk) => one.until('the end', () => one.closed || one.goaway !== undefined, 20)

  test.each<[string, (one: Talk) => void]>([
    ['no preface', () => {}],
    ['a preface in drips', (one) => drip(one, preface)],
    ['a preface and no settings', (one) => one.write(preface)],
    ['settings, and no word on ours', (one) => one.write(preface, frame(types.settings, 0, 0))],
  ])('%s', (_, send) =>
    talk(async (one) => {
      send(one)
      await one.until('the end', () => one.closed)
    }, false),
  )

  test('a head in drips', () =>
    talk(async (one) => {
      const block = pack(get('/x', ['x-a', 'a'.repeat(1000)]))
      drip(one, frame(types.headers, 5, 1, block))
      await one.until('the end', () => one.closed)
      expect(heard()).not.toContain('/x')
    }))

  test('half a head, and nothing more', () =>
    talk(async (one) => {
      one.write(frame(types.headers, flags.endStream, 1, pack(get('/x'))))
      await one.until('the end', () => one.closed)
      expect(heard()).not.toContain('/x')
    }))

  test('nothing to ask', () => talk(ends))

  test('a body in drips', () =>
    talk(async (one) => {
      one.write(frame(types.headers, flags.endHeaders, 1, pack(post('/x', ['content-length', '1000']))))
      drip(one, Buffer.concat(Array.from({ length: 1000 }, () => frame(types.data, 0, 1, Buffer.from('x')))))
      await one.until('the end', () => one.heard(1).reset !== undefined || one.closed)
      expect(heard()).not.toContain('/x')
    }))

  test('an answer that nobody reads', () =>
    talk(async (one) => {
      one.ask(1, get('/large'))
      await one.until('the end', () => one.heard(1).reset !== undefined || one.closed)
    }))
})

describe('nobody costs the edge more than themselves', () => {
  const floods: Array<[string, (one: Talk) => void]> = [
    [
      'streams that are taken back at once (CVE-2023-44487)',
      (one) => {
        for (let i = 1; i < 2000; i += 2)
          one.write(frame(types.headers, 5, i, pack(get('/x'))), frame(types.reset, 0, i, Buffer.of(0, 0, 0, 8)))
      },
    ],
    [
      'streams that the edge is made to reset (CVE-2025-8671)',
      (one) => {
        for (let i = 1; i < 2000; i += 2)
          one.write(
            frame(types.headers, flags.endHeaders, i, pack(post('/x'))),
            frame(types.windowUpdate, 0, i, Buffer.alloc(4)),
          )
      },
    ],
    [
      'a head that never ends (CVE-2024-27983)',
      (one) => {
        one.write(frame(types.headers, flags.endStream, 1, pack(get('/x'))))
        for (let i = 0; i < 2000; i++) one.write(frame(types.continuation, 0, 1, pack([[`x-${i}`, 'a'.repeat(100)]])))
      },
    ],
    [
      'settings without end',
      (one) => {
        for (let i = 0; i < 2000; i++) one.write(frame(types.settings, 0, 0))
      },
    ],
    [
      'pings without end',
      (one) => {
        for (let i = 0; i < 2000; i++) one.write(frame(types.ping, 0, 0, Buffer.alloc(8)))
      },
    ],
    [
      'heads that are not sound, one after the other',
      (one) => {
        for (let i = 1; i < 2000; i += 2) one.ask(i, get('/x', ['connection', 'close']))
      },
    ],
    [
      'more streams than agreed, all left open',
      (one) => {
        for (let i = 1; i < 2000; i += 2) one.write(frame(types.headers, flags.endHeaders, i, pack(post('/x'))))
      },
    ],
  ]
  test.each(floods)('%s: the connection ends, and others are served', (_, send) =>
    talk(async (one) => {
      send(one)
      await one.until('the end', () => one.closed)
      await talk(async (other) => {
        other.ask(1, get('/x'))
        expect((await other.answer(1)).status).toBe(200)
      })
    }),
  )
})
