import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as staff from '#staff'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

let db: TestDatabase
let agent: TestKeys
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const command = (now = new Date()) => ({ ...systemCommand('test'), now, keys: agent.keys })
const password = 'a long enough password'
const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)

test('a link works once and ends after a day; only its digest is kept', async () => {
  expect(await staff.hasMembers(db.sql)).toBe(false)
  const { secret } = await db.sql.begin((tx) => staff.enrolmentLink(tx, command(), { role: 'payments' }))
  expect(JSON.stringify(await db.admin`select * from staff.enrolments`)).not.toContain(secret)
  const use = (login: string, now = new Date()) =>
    db.sql.begin((tx) => staff.enrol(tx, command(now), { secret, login, password }))
  await expect(use('grace', later(25 * 60))).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
  expect(await use('grace')).toMatchObject({ role: 'payments' })
  await expect(use('eve')).rejects.toMatchObject({ code: 'staff.enrolment_unknown' })
})

test('sign-in answers alike for known and unknown names, slows down guessing, and ends when idle', async () => {
  const signIn = (login: string, given: string) =>
    db.sql.begin((tx) => staff.signIn(tx, command(), { login, password: given }))
  const begun = await signIn('Grace', password)
  if ('refusal' in begun) throw begun.refusal
  expect(await staff.find(db.sql, begun.secret, new Date())).toMatchObject({ name: 'grace', role: 'payments' })
  expect(await staff.find(db.sql, begun.secret, later(16))).toBeUndefined()
  for (const login of ['grace', 'nobody']) {
    for (let i = 0; i < 5; i++)
      expect(await signIn(login, 'wrong')).toMatchObject({ refusal: { code: 'staff.sign_in_refused' } })
    expect(await signIn(login, password)).toMatchObject({ refusal: { code: 'staff.too_many_failures' } })
  }
})

test('a role may do what is written for it and nothing else', () => {
  expect(() => staff.permit({ role: 'payments' }, 'payments.approve')).not.toThrow()
  expect(() => staff.permit({ role: 'payments' }, 'players.unmask')).toThrow(
    expect.objectContaining({ code: 'staff.not_permitted' }),
  )
  expect(() => staff.permit({ role: 'auditor' }, 'payments.approve')).toThrow()
  expect(() => staff.permit({ role: '__proto__' }, 'audit.view')).toThrow()
})
