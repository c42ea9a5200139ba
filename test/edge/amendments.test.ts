import { describe, expect, test } from 'vitest'
import { type Amendment, amendments } from '../../edge/amendments.ts'
import type { Face } from '../../edge/faces.ts'
import { openRoutes } from '../../edge/routes.ts'

/** What an operator says of routes, and what becomes of each request then. */
type Said = Partial<Amendment> & { path: string }
const read = (all: readonly Said[]) => amendments.parse(all.map((each) => ({ face: 'player', ...each })))
const routesWith = (...all: Said[]) => openRoutes(read(all))

describe('which amendments are of a route', () => {
  const withdrawals = { path: '/api/withdrawals', closed: true } as const
  test.each<[string, Said[], [method: string, path: string, face?: Face], boolean]>([
    ['the very path', [withdrawals], ['POST', '/api/withdrawals'], true],
    ['HEAD goes with GET', [{ ...withdrawals, method: 'GET' }], ['HEAD', '/api/withdrawals'], true],
    ['another method', [{ ...withdrawals, method: 'POST' }], ['GET', '/api/withdrawals'], false],
    ['another face', [withdrawals], ['POST', '/api/withdrawals', 'operator'], false],
    ['one segment more', [withdrawals], ['POST', '/api/withdrawals/x'], false],
    ['a wild segment', [{ path: '/api/games/*/rounds', closed: true }], ['POST', '/api/games/dice/rounds'], true],
    ['a named one', [{ path: '/api/games/{game}/rounds', closed: true }], ['POST', '/api/games/dice/rounds'], true],
    ['the rest', [{ path: '/api/**', closed: true }], ['POST', '/api/games/dice/rounds'], true],
    [
      'the rest, where there is none',
      [{ path: '/api/withdrawals/**', closed: true }],
      ['GET', '/api/withdrawals'],
      true,
    ],
    ['everything', [{ path: '/**', closed: true }], ['GET', '/'], true],
    ['but for what the edge answers itself', [{ path: '/**', closed: true }], ['GET', '/edge/health'], false],
    [
      'closed stays closed where a nearer one says nothing of it',
      [
        { path: '/api/**', closed: true },
        { path: '/api/games/*/rounds', method: 'POST', bodyBytesMax: 500 },
      ],
      ['POST', '/api/games/dice/rounds'],
      true,
    ],
    [
      'nor does one that names the method open it',
      [withdrawals, { path: '/api/**', method: 'POST', trySeconds: 8 }],
      ['POST', '/api/withdrawals'],
      true,
    ],
    [
      'a nearer one opens what a wider one closed',
      [
        { path: '/api/**', closed: true },
        { path: '/api/games', closed: false },
      ],
      ['GET', '/api/games'],
      false,
    ],
    [
      'and in whichever order they stand',
      [
        { path: '/api/games', closed: false },
        { path: '/api/**', closed: true },
      ],
      ['GET', '/api/games'],
      false,
    ],
    [
      'a name is nearer than any segment',
      [
        { path: '/api/games/*', closed: true },
        { path: '/api/games/dice', closed: false },
      ],
      ['GET', '/api/games/dice'],
      false,
    ],
  ])('%s', (_, said, [method, path, face = 'player'], closed) => {
    expect(routesWith(...said).of(face, method, path).closed).toBe(closed)
  })
})

describe('what they change', () => {
  const path = '/api/games/{game}/rounds'
  const bet = ['player', 'POST', '/api/games/dice/rounds'] as const

  test('class, with all that follows from it, size and time; the rest stays', () => {
    const usual = openRoutes().of(...bet)
    const { pattern, contract, ...found } = routesWith(
      { path, class: 'change' },
      { path: '/api/**', method: 'POST', trySeconds: 8, bodyBytesMax: 64 },
    ).of(...bet)
    expect(found).toMatchObject({ class: 'change', money: false, sticky: false, quick: false, trySeconds: 8 })
    expect([pattern, contract]).toEqual([usual.pattern, { ...usual.contract, bytesMax: 64 }])
    expect(routesWith({ path, trySeconds: 8 }).of(...bet)).toEqual({ ...usual, trySeconds: 8 })
  })

  test('what signs in stays of its class, whose limits and friction hold for it', () => {
    const routes = routesWith({ path: '/api/**', class: 'read' })
    expect(routes.of('player', 'POST', '/api/sessions').class).toBe('sign-in')
    expect(routes.of('player', 'POST', '/api/sessions/code').class).toBe('code')
    expect(routes.of(...bet).class).toBe('read')
  })

  test('a route is made once, however often it is asked for', () => {
    const routes = routesWith({ path: '/api/**', trySeconds: 8 })
    expect(routes.of(...bet)).toBe(routes.of(...bet))
    expect(routes.of('player', 'GET', '/nothing/here')).toBe(routes.of('player', 'GET', '/nor/here'))
  })

  test('what was said before counts no longer', () => {
    const routes = routesWith({ path, closed: true })
    routes.amend([])
    expect(routes.of(...bet)).toEqual(openRoutes().of(...bet))
  })
})

test.each([
  [[{ path: '/api/**/rounds' }], 'no path of a route'],
  [[{ path: 'api' }], 'no path of a route'],
  [[{ path: '/api/' }], 'no path of a route'],
  [[{ path: '/api/ga*' }], 'no path of a route'],
  [[{ path: '/edge/**' }], 'cannot be amended'],
  [[{ path: '/api/players/*' }, { path: '/api/players/{player}' }], 'of the same route'],
  [[{ path: '/api/games', trySeconds: 0 }], 'trySeconds'],
])('%j is refused', (said, words) => {
  expect(() => read(said)).toThrow(words)
})
