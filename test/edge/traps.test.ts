import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'

/**
 * What can be read in two ways, byte by byte over a raw connection: either the edge refuses it and no core hears of it, or the core is asked exactly
 * what the edge read. Node accepts most of the first list by itself.
 */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab((asked, response) => {
    response.setHeader('content-type', 'application/json')
    if (asked.url === '/slow') setTimeout(() => response.end('{"slow":true}'), 300)
    else response.end(JSON.stringify({ url: asked.url }))
  })
})
afterAll(() => lab?.stop())
afterEach(() => {
  for (const core of lab.cores) core.asked.length = 0
})
const asked = () => lab.cores.flatMap((core) => core.asked)
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
const host = 'host: localhost'
const post = (...more: string[]) => lines('POST /x HTTP/1.1', host, 'connection: close', ...more)

describe('refused, and no core is asked [GLI-B.4.3d] [S57]', () => {
  test.each<[string, string]>([
    ['HTTP/0.9', 'GET /x\r\n\r\n'],
    ['HTTP/0.9 with bare line feeds, headers and a body', 'GET /x\nHost: a\r\nContent-Length: 5\r\n\r\nhello'],
    ['HTTP/1.0', lines('GET /x HTTP/1.0', host)],
    ['HTTP/1.0 with an encoding', `${lines('POST /x HTTP/1.0', host, 'transfer-encoding: chunked')}0\r\n\r\n`],
    ['a second Host', lines('GET /x HTTP/1.1', host, 'host: evil.example')],
    ['a Host with a user', lines('GET /x HTTP/1.1', 'host: u@localhost')],
    ['a Host with a path', lines('GET /x HTTP/1.1', 'host: localhost/x')],
    ['a Host with a comma', lines('GET /x HTTP/1.1', 'host: localhost, evil')],
    ['an empty Host', lines('GET /x HTTP/1.1', 'host:')],
    ['no Host', lines('GET /x HTTP/1.1', 'accept: */*')],
    ['an absolute target of another host', lines('GET http://evil.example/x HTTP/1.1', host)],
    ['an absolute target of this host', lines('GET https://localhost/x HTTP/1.1', host)],
    ['the target *', lines('GET * HTTP/1.1', host)],
    ['a fragment', lines('GET /a#b HTTP/1.1', host)],
    ['a backslash', lines('GET /a\\b HTTP/1.1', host)],
    ['an encoded NUL', lines('GET /a%00b HTTP/1.1', host)],
    ['an encoded line break', lines('GET /a%0d%0ab HTTP/1.1', host)],
    ['a length with zeros in front', `${post('content-length: 0005')}hello`],
    ['a length with a sign', `${post('content-length: +5')}hello`],
    ['a length in a list', `${post('content-length: 5, 5')}hello`],
    ['an empty length', post('content-length:')],
    ['an encoding before chunked', `${post('transfer-encoding: gzip, chunked')}0\r\n\r\n`],
    ['chunked after a tab', `${post('transfer-encoding:\tchunked')}0\r\n\r\n`],
    ['chunked in other letters', `${post('transfer-encoding: Chunked')}0\r\n\r\n`],
    ['an encoding that is none', `${post('transfer-encoding: xchunked')}0\r\n\r\n`],
    ['two encodings', `${post('transfer-encoding: chunked', 'transfer-encoding: chunked')}0\r\n\r\n`],
    ['a length and chunks', `${post('content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n`],
    ['an extension of a chunk', `${post('transfer-encoding: chunked')}5;a=b\r\nhello\r\n0\r\n\r\n`],
    ['a trailer', `${post('transfer-encoding: chunked')}5\r\nhello\r\n0\r\nx-client-certificate: forged\r\n\r\n`],
    ['a chunk of hexadecimal dress', `${post('transfer-encoding: chunked')}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk that ends in a bare line feed', `${post('transfer-encoding: chunked')}5\nhello\r\n0\r\n\r\n`],
    ['two content types', post('content-type: application/json', 'content-type: text/plain', 'content-length: 0')],
    ['two keys', post('idempotency-key: a', 'idempotency-key: b', 'content-length: 0')],
    ['a name with an underscore', post('content_length: 5', 'content-length: 0')],
    ['a space before the colon', post('content-length : 0')],
    ['a folded line', post('x-a: 1\r\n 2', 'content-length: 0')],
    ['bytes above ASCII in a value', post('x-a: caf\u00e9', 'content-length: 0')],
    ['a NUL in a value', post('x-a: a\u0000b', 'content-length: 0')],
    ['a bare carriage return in a value', post('x-a: a\rb', 'content-length: 0')],
    ['TRACE', lines('TRACE /x HTTP/1.1', host)],
    ['QUERY', lines('QUERY /x HTTP/1.1', host)],
    ['CONNECT', lines('CONNECT localhost:443 HTTP/1.1', host)],
    ['a method in small letters', lines('get /x HTTP/1.1', host)],
    ['GET with a body', `${lines('GET /x HTTP/1.1', host, 'content-length: 5')}hello`],
    ['GET with chunks', `${lines('GET /x HTTP/1.1', host, 'transfer-encoding: chunked')}0\r\n\r\n`],
    [
      'an upgrade to h2c',
      lines(
        'GET /x HTTP/1.1',
        host,
        'connection: upgrade, http2-settings',
        'upgrade: h2c',
        'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA',
      ),
    ],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a body in chunks', `${post('transfer-encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`],
    ['an expectation that is none', post('expect: 200-maybe', 'content-length: 0')],
    ['headers over the limit', lines('GET /x HTTP/1.1', host, `x: ${'a'.repeat(20_000)}`)],
    [
      'more headers than anybody needs',
      lines('GET /x HTTP/1.1', host, ...Array.from({ length: 2500 }, (_, i) => `x-${i}: 1`)),
    ],
    ['an encoded slash', lines('GET /a%2fb HTTP/1.1', host)],
    ['an encoded dot', lines('GET /a/%2e%2e/b HTTP/1.1', host)],
    ['a path that climbs', lines('GET /a/../b HTTP/1.1', host)],
    ['an empty segment', lines('GET //a HTTP/1.1', host)],
    ['bytes above ASCII in the target', 'GET /caf\u00e9 HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const said = await lab.say(Buffer.from(bytes, 'latin1'))
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d |^$/)
    expect(said).not.toMatch(/^HTTP\/1\.1 2/)
    if (said !== '') expect(said).toContain('application/problem+json')
    expect(asked()).toEqual([])
  })
})

describe('taken, and the core is asked what was read', () => {
  test.each<[string, string, { method: string; url: string; body: string }]>([
    [
      'an address with a query',
      lines('GET /a/b?c=d%20e&f HTTP/1.1', host, 'connection: close'),
      { method: 'GET', url: '/a/b?c=d%20e&f', body: '' },
    ],
    ['a body with a length', `${post('content-length: 5')}hello`, { method: 'POST', url: '/x', body: 'hello' }],
    [
      'an empty line before it, and two spaces in it',
      `\r\n${lines('GET  /x HTTP/1.1', host, 'connection: close')}`,
      { method: 'GET', url: '/x', body: '' },
    ],
    [
      'a body that is waited for',
      `${post('expect: 100-continue', 'content-length: 5')}hello`,
      { method: 'POST', url: '/x', body: 'hello' },
    ],
  ])('%s', async (_, bytes, wanted) => {
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
      'x-secret',
    ]
    await lab.say(
      lines('GET /x HTTP/1.1', host, 'connection: close, x-secret', ...forged.map((name) => `${name}: forged`)),
    )
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
})
