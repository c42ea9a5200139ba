import { expect, test } from 'vitest'
import { inspect } from '../../edge/guard/gate.ts'
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
