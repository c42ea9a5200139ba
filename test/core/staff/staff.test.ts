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
  expect(await staff.find(db.sql, begun.secret, new Date())).toMatchObject({ name: 'grace', roles: ['payments'] })
  expect(await staff.find(db.sql, begun.secret, later(16))).toBeUndefined()
  for (const login of ['grace', 'nobody']) {
    for (let i = 0; i < 5; i++)
      expect(await signIn(login, 'wrong')).toMatchObject({ refusal: { code: 'staff.sign_in_refused' } })
    expect(await signIn(login, password)).toMatchObject({ refusal: { code: 'staff.too_many_failures' } })
  }
})

test('a word that no role of somebody has is refused, and what was allowed is remembered', () => {
  const used = new Set<staff.Permission>()
  const grace = { permissions: ['payments.approve'] as const, used }
  expect(() => staff.permit(grace, 'payments.approve')).not.toThrow()
  expect(() => staff.permit(grace, 'players.unmask_contact')).toThrow(
    expect.objectContaining({ code: 'staff.not_permitted' }),
  )
  expect([...used]).toEqual(['payments.approve'])
})

test('one who may manage keys enrols a second alone, and nobody a third: two have to want it [S44] [S46]', async () => {
  await db.admin`update staff.members set disabled_at = now()`
  await db.admin`delete from staff.enrolments`
  const by = (id: string) => ({ ...command(), actor: { kind: 'staff' as const, id } })
  const enrol = async (login: string, secret: string) =>
    (await db.sql.begin((tx) => staff.enrol(tx, command(), { secret, login, password }))).staff
  const offer = (id: string, role: string, second?: staff.Credential) =>
    db.sql.begin((tx) => staff.offerPlace(tx, by(id), { role, second }))
  const secretOf = (offered: Awaited<ReturnType<typeof offer>>) => {
    if ('refusal' in offered) throw offered.refusal
    return offered.secret
  }
  const boss = await enrol('boss', secretOf(await offer('system', 'administrator')))
  const link = secretOf(await offer(boss, 'administrator'))
  const second = { login: 'second', password }
  // While the link is open, and after it was used, another needs the other's yes.
  expect(await offer(boss, 'administrator')).toMatchObject({ refusal: { code: 'staff.vouchers_missing' } })
  await enrol('second', link)
  expect(await offer(boss, 'administrator')).toMatchObject({ refusal: { code: 'staff.vouchers_missing' } })
  for (const [credential, code] of [
    [{ login: 'boss', password }, 'staff.same_person'],
    [{ login: 'second', password: 'wrong' }, 'staff.sign_in_refused'],
    [{ login: 'stranger', password }, 'staff.sign_in_refused'],
  ] as const)
    expect(await offer(boss, 'administrator', credential)).toMatchObject({ refusal: { code } })
  expect(await offer(boss, 'support')).toHaveProperty('secret')
  expect(await offer(boss, 'administrator', second)).toHaveProperty('secret')
})
