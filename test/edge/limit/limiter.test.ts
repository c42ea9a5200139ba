import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Asker, askerOf, sessionIn, tokenIn } from '../../../edge/limit/asker.ts'
import { limitHeaders, retryAfter } from '../../../edge/limit/headers.ts'
import { countInFlight } from '../../../edge/limit/in-flight.ts'
import { createLimiter } from '../../../edge/limit/limiter.ts'
import { networkOf } from '../../../edge/limit/network.ts'
import { rules } from '../../../edge/limit/rules.ts'
import { createSipHash } from '../../../edge/limit/siphash.ts'
import { openTable } from '../../../edge/limit/table.ts'
import { openRoutes } from '../../../edge/routes.ts'

/** Rules as an operator writes them, and what a request is told. */
const hash = createSipHash(1, 2)
const routes = openRoutes()
const asker = (kind: 'network' | 'session' | 'token', name: string) => askerOf(hash, kind, name)
const from = (network: string, session?: string) => ({
  network: asker('network', network),
  session: session === undefined ? undefined : asker('session', session),
  player: session === undefined ? undefined : asker('session', session),
  isOwnerKnown: false,
  token: undefined,
})
const bet = routes.of('player', 'POST', '/api/games/roulette-european/rounds')
const signIn = routes.of('player', 'POST', '/api/sessions')

function limiterOf(given: unknown, part = 1) {
  const table = () => openTable(new Int32Array(2048))
  const shadowed: string[] = []
  const limiter = createLimiter({
    rules: rules.parse(given),
    tables: { fine: table(), coarse: table() },
    secret: (name): Asker => askerOf(hash, 'rule', name),
    part,
    onShadow: (rule) => shadowed.push(rule),
  })
  return { ...limiter, shadowed }
}

test('each network has its own quota, and waits exactly until it has one again', () => {
  const limiter = limiterOf([{ name: 'all', by: 'network', quota: 10, windowSeconds: 60 }])
  for (let i = 0; i < 10; i++) expect(limiter.decide('player', bet, from('192.0.2.1'), 0).refused).toBeUndefined()
  const refused = limiter.decide('player', bet, from('192.0.2.1'), 0)
  expect(refused.refused?.rule.name).toBe('all')
  expect(refused.waitMs).toBe(6000)
  expect(limiter.decide('player', bet, from('192.0.2.2'), 0).refused).toBeUndefined()
  expect(limiter.decide('player', bet, from('192.0.2.1'), 5999).refused).toBeDefined()
  expect(limiter.decide('player', bet, from('192.0.2.1'), 6000).refused).toBeUndefined()
})

test('what is refused says which policy, what is left and when to come again, in the fields of the draft', () => {
  const limiter = limiterOf([{ name: 'all', by: 'network', quota: 10, windowSeconds: 60, burst: 3 }])
  const first = limiter.decide('player', bet, from('192.0.2.1'), 0)
  expect(limitHeaders(first)).toEqual(['ratelimit-policy', '"all";q=10;w=60', 'ratelimit', '"all";r=2;t=6'])
  for (let i = 0; i < 2; i++) limiter.decide('player', bet, from('192.0.2.1'), 0)
  const refused = limiter.decide('player', bet, from('192.0.2.1'), 0)
  expect(limitHeaders(refused)).toEqual(['ratelimit-policy', '"all";q=10;w=60', 'ratelimit', '"all";r=0;t=6'])
  expect(retryAfter(refused)).toBe(6)
})

test('who waits as long as they are told is let in, whatever the rule', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 86_400 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 100 }),
      (quota, windowSeconds, burst, pauses) => {
        const limiter = limiterOf([{ name: 'all', by: 'network', quota, windowSeconds, burst }])
        let now = 0
        let admitted = 0
        for (const pause of pauses) {
          now += pause
          const verdict = limiter.decide('player', bet, from('192.0.2.1'), now)
          if (!verdict.refused) admitted++
          else {
            now += retryAfter(verdict) * 1000
            expect(limiter.decide('player', bet, from('192.0.2.1'), now).refused).toBeUndefined()
            admitted++
          }
          expect(admitted).toBeLessThanOrEqual(burst + (now * quota) / (windowSeconds * 1000) + 1e-6)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('a rule counts the classes and faces it names, and the narrowest that is short is what a client hears of', () => {
  const limiter = limiterOf([
    { name: 'all', by: 'network', quota: 100, windowSeconds: 1 },
    { name: 'sign-in', by: 'network', faces: ['player'], classes: ['sign-in'], quota: 5, windowSeconds: 60 },
  ])
  expect(limiter.decide('player', signIn, from('192.0.2.1'), 0).tightest?.rule.name).toBe('sign-in')
  expect(limiter.decide('player', bet, from('192.0.2.1'), 0).tightest?.rule.name).toBe('all')
  for (let i = 0; i < 4; i++) limiter.decide('player', signIn, from('192.0.2.1'), 0)
  expect(limiter.decide('player', signIn, from('192.0.2.1'), 0).refused?.rule.name).toBe('sign-in')
  expect(limiter.decide('operator', signIn, from('192.0.2.1'), 0).refused).toBeUndefined()
  expect(limiter.decide('player', bet, from('192.0.2.1'), 0).refused).toBeUndefined()
})

test('a player is counted by their sign-in, wherever they are; who has none is not counted by that rule', () => {
  const limiter = limiterOf([{ name: 'bets', by: 'session', classes: ['bet'], quota: 2, windowSeconds: 60 }])
  const secret = 'a'.repeat(43)
  for (const network of ['192.0.2.1', '192.0.2.2'])
    expect(limiter.decide('player', bet, from(network, secret), 0).refused).toBeUndefined()
  expect(limiter.decide('player', bet, from('192.0.2.3', secret), 0).refused).toBeDefined()
  for (let i = 0; i < 5; i++) expect(limiter.decide('player', bet, from('192.0.2.3'), 0).refused).toBeUndefined()
  expect(sessionIn('player', `a=b; __Host-session=${secret}; c=d`)).toBe(secret)
  expect(sessionIn('player', `x__Host-session=${secret}`)).toBeUndefined()
  expect(tokenIn('DPoP abc')).toBe('abc')
})

test('a rule in shadow refuses nobody and tells whom it would have', () => {
  const limiter = limiterOf([{ name: 'new', by: 'network', quota: 1, windowSeconds: 60, shadow: true }])
  for (let i = 0; i < 3; i++) {
    const verdict = limiter.decide('player', bet, from('192.0.2.1'), 0)
    expect(verdict.refused).toBeUndefined()
    expect(limitHeaders(verdict)).toEqual([])
  }
  expect(limiter.shadowed).toEqual(['new', 'new'])
})

test('where workers cannot count together, each lets in its part', () => {
  const limiter = limiterOf([{ name: 'all', by: 'network', quota: 100, windowSeconds: 60 }], 1 / 4)
  const admitted = Array.from(
    { length: 100 },
    () => limiter.decide('player', bet, from('192.0.2.1'), 0).refused,
  ).filter((refused) => !refused)
  expect(admitted).toHaveLength(25)
})

test('who has a network of IPv6 to themselves is one who asks, whichever of its addresses they come from', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:DB8:1:2::9'))
  expect(networkOf('2001:db8:1:2::9')).not.toBe(networkOf('2001:db8:1:3::9'))
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.2.2'))
})

test('requests under way are counted until they leave', () => {
  const underWay = countInFlight()
  const who = asker('session', 'x')
  expect([underWay.enter(who, 2), underWay.enter(who, 2), underWay.enter(who, 2)]).toEqual([true, true, false])
  underWay.leave(who)
  expect(underWay.enter(who, 2)).toBe(true)
  expect(underWay.enter(asker('session', 'y'), 2)).toBe(true)
})

test('rules that contradict themselves are refused before anything is decided by them', () => {
  const one = { name: 'a', by: 'network', quota: 1, windowSeconds: 1 }
  expect(rules.safeParse([one, one]).success).toBe(false)
  expect(rules.safeParse([{ ...one, quota: 100_001 }]).success).toBe(false)
  expect(rules.safeParse([{ ...one, name: 'A b' }]).success).toBe(false)
})

test('the class of a route says what it is worth, and its label is one of few', () => {
  const of = (method: string, path: string, face: 'player' | 'operator' | 'partner' = 'player') =>
    routes.of(face, method, path)
  expect(of('POST', '/api/rounds/rnd_1/moves')).toMatchObject({ class: 'settle', pattern: '/api/rounds/{round}/moves' })
  expect(of('POST', '/api/games/x/rounds')).toMatchObject({ class: 'bet', pattern: '/api/games/{game}/rounds' })
  expect(of('POST', '/api/sessions/code').class).toBe('code')
  expect(of('DELETE', '/api/sessions/current').class).toBe('change')
  expect(of('GET', '/api/statement.csv').class).toBe('report')
  expect(of('HEAD', '/api/me').class).toBe('read')
  expect(of('GET', '/')).toMatchObject({ class: 'page', pattern: '(page)' })
  expect(of('GET', '/assets/whatever.js').pattern).toBe('(page)')
  expect(of('POST', '/nothing/here').pattern).toBe('(change)')
  expect(of('POST', '/api/gateways/sandbox/events', 'partner').class).toBe('settle')
})
