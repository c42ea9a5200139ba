import { expect, test } from 'vitest'
import { inspect } from '../../edge/guard/gate.ts'
import { createLimiter } from '../../edge/limit/gcra.ts'
import { networkOf } from '../../edge/limit/network.ts'
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

test('who has a network of IPv6 to themselves is one who asks, whichever of its addresses they come from', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:DB8:1:2::9'))
  expect(networkOf('2001:db8:1:2::9')).not.toBe(networkOf('2001:db8:1:3::9'))
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.2.2'))
  const limiter = createLimiter({ perSecond: 1, burst: 3 })
  const admitted = Array.from({ length: 10 }, (_, i) => limiter.admit(networkOf(`2001:db8::${i + 1}`), 0).admitted)
  expect(admitted.filter(Boolean)).toHaveLength(3)
})
