import { expect, test } from 'vitest'
import * as factors from '#factors'

const none: factors.Standing = { passkeys: 0, totp: 0, sms: 0, recoveryCodes: 0 }

test('who has a password keeps one other way, be it recovery codes', () => {
  const enough = (left: Partial<factors.Standing>) =>
    factors.isEnough({ ...none, ...left }, { staff: false, password: true })
  expect(enough({})).toBe(false)
  for (const left of [{ passkeys: 1 }, { totp: 1 }, { sms: 1 }, { recoveryCodes: 1 }]) expect(enough(left)).toBe(true)
})

test('one rule says what can be shown and what lasts, so that nobody removes what is asked for later', () => {
  const all = { passkeys: 1, totp: 1, sms: 1, recoveryCodes: 1 }
  expect(factors.waysOf(all)).toEqual(['passkey', 'totp', 'sms', 'recovery'])
  expect(factors.waysOf(all).filter(factors.isLasting)).toEqual(['passkey', 'totp', 'sms'])
  for (const kind of Object.keys(all) as Array<keyof factors.Standing>) {
    const left = { ...none, [kind]: 1 }
    expect(factors.isEnough(left, { staff: false, password: true })).toBe(factors.waysOf(left).length > 0)
  }
})

test('who has no password keeps a passkey, and something for the day it is lost', () => {
  const enough = (left: Partial<factors.Standing>) =>
    factors.isEnough({ ...none, ...left }, { staff: false, password: false })
  expect(enough({ passkeys: 2 })).toBe(true)
  expect(enough({ passkeys: 1, recoveryCodes: 1 })).toBe(true)
  for (const left of [{ passkeys: 1 }, { passkeys: 1, totp: 3, sms: 1 }, { totp: 1, sms: 1, recoveryCodes: 10 }])
    expect(enough(left), JSON.stringify(left)).toBe(false)
})

test('staff keep a passkey whatever else they have [S06]', () => {
  for (const password of [true, false]) {
    expect(factors.isEnough({ ...none, passkeys: 1 }, { staff: true, password })).toBe(true)
    expect(factors.isEnough({ passkeys: 0, totp: 2, sms: 1, recoveryCodes: 10 }, { staff: true, password })).toBe(false)
  }
})
