import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inspect, inspectTarget } from '../../edge/guard/gate.ts'
import { requestHeaders } from '../../edge/guard/headers.ts'
import { routesOf } from '../support/routes.ts'

/** What the edge decides by itself, without a connection. */
const limits = { targetBytesMax: 2048, bodyBytesMax: 65_536 }

test('every method that a route takes is let through, and no other', () => {
  const ask = (method: string) =>
    inspect({ version: '1.1', method, target: '/', rawHeaders: ['host', 'localhost'] }, limits)
  const taken = new Set(
    (['player', 'operator', 'partner'] as const).flatMap(routesOf).map(({ method }) => method.toUpperCase()),
  )
  for (const method of taken) expect(ask(method), method).toBeUndefined()
  for (const method of ['TRACE', 'CONNECT', 'OPTIONS', 'get', ''])
    expect(ask(method), method).toMatchObject({ code: 'edge.method' })
})

test('a letter that is written out in a path would be another word for the same route, which nothing said of that route would hold for', () => {
  const taken = (target: string) => inspectTarget(target, 2048) === undefined
  for (const byte of Array.from({ length: 256 }, (_, each) => each)) {
    const written = `%${byte.toString(16).padStart(2, '0')}`
    const isPlain = /[\w.~-]/.test(String.fromCharCode(byte)) && byte < 128
    if (isPlain)
      for (const each of [written, written.toUpperCase()]) expect(taken(`/api/${each}ithdrawals`), each).toBe(false)
  }
  for (const target of ['/api/players/plr%20x', '/api/%c3%a4', '/api/games?game=%41'])
    expect(taken(target), target).toBe(true)
})

test('a target that is taken means to everybody what it says: reading it as an address changes nothing [S57]', () => {
  const pieces = [
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%41',
    '%',
    '?',
    '#',
    '\\',
    '=',
    '&',
    '~',
    '-',
    '_',
    'a',
    'Z',
    '0',
    ' ',
    '\t',
    'é',
    '\0',
    ';',
    ':',
    '@',
  ]
  let taken = 0
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (rest) => {
      const target = `/${rest.join('')}`
      if (inspectTarget(target, 2048)) return
      taken++
      const url = new URL(`https://localhost${target}`)
      const query = target.indexOf('?')
      expect(url.pathname).toBe(query === -1 ? target : target.slice(0, query))
      expect(url.search).toBe(query === -1 || query === target.length - 1 ? '' : target.slice(query))
      expect(url.pathname).not.toMatch(/\/\/|\/\.\.?(\/|$)/)
    }),
    { numRuns: 5000 },
  )
  expect(taken).toBeGreaterThan(100)
})

test('what only the edge says to a core, and what belongs to one connection, is passed on in no spelling [S57]', () => {
  const kept = ['accept', 'cookie', 'x-own', 'idempotency-key']
  const dropped = [
    ...['host', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection'],
    ...['x-request-id', 'x-real-ip', 'forwarded', 'x-forwarded-for', 'x-forwarded-whatever', 'x-client-certificate'],
    ...['x-person-certificate', 'content-length', 'expect', 'x-hono-already-sent', 'x-hop'],
  ]
  const spelt = fc
    .constantFrom(...kept, ...dropped)
    .chain((name) =>
      fc
        .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
        .map((large) => [...name].map((letter, index) => (large[index] ? letter.toUpperCase() : letter)).join('')),
    )
  fc.assert(
    fc.property(fc.array(spelt, { maxLength: 12 }), (names) => {
      const rawHeaders = ['Connection', 'close, X-Hop', ...names.flatMap((name) => [name, 'forged'])]
      const told = { requestId: 'req_1', address: '192.0.2.1', bodyBytes: 0 }
      const headers = requestHeaders({ version: '1.1', method: 'GET', target: '/', rawHeaders }, told)
      const passed = headers.filter((_, index) => index % 2 === 0 && headers[index + 1] === 'forged')
      const host = names.find((name) => name.toLowerCase() === 'host')
      expect(passed.filter((name) => name !== 'x-forwarded-host' || !host)).toEqual(
        names.map((name) => name.toLowerCase()).filter((name) => kept.includes(name)),
      )
      expect(headers[headers.indexOf('x-request-id') + 1]).toBe('req_1')
    }),
  )
})
