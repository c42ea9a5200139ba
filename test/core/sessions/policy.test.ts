import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aalOf, besidePassword, factors, hasLasting, outstanding, type Shown } from '../../../core/sessions/policy.ts'

const now = new Date('2026-11-27T12:00:00Z')
const shown: fc.Arbitrary<Shown> = fc.dictionary(
  fc.constantFrom(...factors),
  fc.integer({ min: 0, max: 7200 }).map((seconds) => new Date(now.getTime() - seconds * 1000)),
)
const rule = fc.record({
  seconds: fc.integer({ min: 1, max: 3600 }),
  withoutFactor: fc.constantFrom<Array<Array<'password' | 'email'>>>(['password'], ['password', 'email']),
})
const enrolled = fc.subarray([...factors])
const own = (list: readonly string[]) => list.filter((factor) => factor !== 'password' && factor !== 'email')

test('the assurance level is 2 for two kinds of factors or a passkey, and a further factor never lowers it', () => {
  expect(aalOf({ password: now })).toBe(1)
  expect(aalOf({ passkey: now })).toBe(2)
  expect(aalOf({ password: now, totp: now })).toBe(2)
  expect(aalOf({ totp: now, sms: now }), 'twice the same kind').toBe(1)
  fc.assert(
    fc.property(shown, fc.constantFrom(...factors), (before, factor) => {
      expect(aalOf({ ...before, [factor]: now })).toBeGreaterThanOrEqual(aalOf(before))
    }),
  )
})

test('an act needs a factor as fresh as the licence says, to the second [S20]', () => {
  const withdrawal = { seconds: 300, withoutFactor: ['password' as const] }
  const at = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  expect(outstanding(withdrawal, { password: at(300) }, [], now)).toEqual([])
  expect(outstanding(withdrawal, { password: at(301) }, [], now)).toEqual(['password'])
})

test('whoever shows what is asked for, one after the other, gets through; asked is only what is not fresh', () => {
  fc.assert(
    fc.property(rule, shown, enrolled, (demand, before, has) => {
      let present = before
      for (let steps = 0; steps <= 2; steps++) {
        const asked = outstanding(demand, present, has, now)
        for (const factor of asked) {
          const at = present[factor]
          expect(at === undefined || now.getTime() - at.getTime() > demand.seconds * 1000).toBe(true)
        }
        if (asked.length === 0) return
        present = { ...present, [asked[0]!]: now }
      }
      expect(outstanding(demand, present, has, now)).toEqual([])
    }),
  )
})

test('whoever has a second factor cannot pass without a fresh one of their own [GLI-2.5.2e-1] [GLI-2.5.2e-3]', () => {
  fc.assert(
    fc.property(rule, shown, enrolled, (demand, before, has) => {
      fc.pre(hasLasting(has))
      const freshOwn = own(has).some((factor) => {
        const at = before[factor as keyof Shown]
        return at !== undefined && now.getTime() - at.getTime() <= demand.seconds * 1000
      })
      expect(outstanding(demand, before, has, now).length === 0).toBe(freshOwn)
    }),
  )
})

test('recovery codes are taken wherever a second factor is, and alone nobody is asked for them', () => {
  const rule = { seconds: 300, withoutFactor: ['password' as const, 'email' as const] }
  expect(besidePassword(['totp', 'recovery'])).toEqual(['totp', 'recovery'])
  expect(besidePassword(['recovery'])).toEqual(['email', 'recovery'])
  expect(besidePassword([])).toEqual(['email'])
  expect(outstanding(rule, {}, ['recovery'], now)).toEqual(['password'])
  for (const ways of [['recovery'], ['totp', 'recovery']] as const)
    expect(outstanding(rule, { recovery: now }, ways, now), String(ways)).toEqual([])
})
