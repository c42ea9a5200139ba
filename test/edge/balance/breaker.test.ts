import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Breakers } from '../../../edge/balance/breaker.ts'

const rules = { failuresMax: 5, windowMs: 10_000, openMs: 1000, openMsMax: 8000, inFlightMax: 10 }
const bet = 0
const signIn = 1

function told(breakers: Breakers, routeClass: number, ok: boolean | undefined, ms: number) {
  breakers.began(routeClass)
  breakers.ended(routeClass, ok, ms)
}

function broken(ms = 0): Breakers {
  const breakers = new Breakers(2, rules)
  for (let i = 0; i < 5; i++) told(breakers, signIn, false, ms)
  return breakers
}

describe('circuit breakers of a core', () => {
  test('open for the class that fails, and for no other', () => {
    const breakers = broken()
    expect(breakers.admits(signIn, 10)).toBe(false)
    expect(breakers.admits(bet, 10)).toBe(true)
  })

  test('failures that are few among many open nothing', () => {
    const breakers = new Breakers(2, rules)
    for (let i = 0; i < 300; i++) told(breakers, bet, i % 3 !== 0, i)
    expect(breakers.admits(bet, 300)).toBe(true)
  })

  test('old failures are forgotten', () => {
    const breakers = new Breakers(2, rules)
    for (let i = 0; i < 4; i++) told(breakers, bet, false, 0)
    for (let i = 0; i < 4; i++) told(breakers, bet, false, 11_000)
    expect(breakers.admits(bet, 11_000)).toBe(true)
  })

  test('after a while one request is let through, and decides', () => {
    const breakers = broken()
    expect(breakers.admits(signIn, 999)).toBe(false)
    expect(breakers.admits(signIn, 1000)).toBe(true)
    breakers.began(signIn)
    expect(breakers.admits(signIn, 1001)).toBe(false) // one, and no more
    breakers.ended(signIn, true, 1010)
    expect(breakers.admits(signIn, 1011)).toBe(true)
  })

  test('a trial that fails keeps it open twice as long, up to a limit; one called off says nothing', () => {
    const breakers = broken()
    let ms = 1000
    for (const openMs of [2000, 4000, 8000, 8000]) {
      told(breakers, signIn, undefined, ms)
      expect(breakers.admits(signIn, ms)).toBe(true)
      told(breakers, signIn, false, ms)
      expect(breakers.admits(signIn, ms + openMs - 1)).toBe(false)
      ms += openMs
      expect(breakers.admits(signIn, ms)).toBe(true)
    }
  })

  test('a class has so many under way at a core and no more', () => {
    const breakers = new Breakers(2, rules)
    for (let i = 0; i < 10; i++) breakers.began(bet)
    expect(breakers.admits(bet, 0)).toBe(false)
    expect(breakers.admits(signIn, 0)).toBe(true)
    breakers.ended(bet, true, 0)
    expect(breakers.admits(bet, 0)).toBe(true)
  })

  test('whatever happens, it lets something through again after the longest time', () => {
    const event = fc.tuple(fc.constantFrom(true, false, undefined), fc.integer({ min: 0, max: 5000 }))
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const breakers = new Breakers(1, rules)
        let ms = 0
        for (const [ok, pause] of events) {
          ms += pause
          if (breakers.admits(0, ms)) told(breakers, 0, ok, ms)
        }
        expect(breakers.admits(0, ms + rules.openMsMax)).toBe(true)
      }),
    )
  })
})
