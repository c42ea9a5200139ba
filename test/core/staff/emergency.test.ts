import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand, type Tx } from '#base'
import * as staff from '#staff'
import { acts } from '../../../core/host/acts.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'
import { employ, rp } from '../../support/staff.ts'

let db: TestDatabase
let agent: TestKeys
let boss: Awaited<ReturnType<typeof employ>>
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  boss = await act((tx) => employ(tx, command(), { role: 'administrator', login: 'boss' }))
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const command = (now = new Date()) => ({ ...systemCommand('test'), now, keys: agent.keys })
const by = (id: string, now = new Date()) => ({ ...command(now), actor: { kind: 'staff' as const, id } })
const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
/** As the console: the owner of the database. */
const atConsole = <T>(work: (tx: Tx) => Promise<T>) => db.admin.begin(work) as Promise<T>
const reason = 'everybody else is ill'
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  )

async function grantSupport(staffId: string, at = new Date()): Promise<string> {
  const wish = { act: 'staff.elevate', payload: { role: 'support', minutes: 5 }, reason: 'a night alone' }
  const { proposal, digest } = await act((tx) => staff.propose(tx, by(staffId, at), acts, wish))
  return codeOf(
    act(async (tx) => {
      const options = await staff.approvalChallenge(tx, by(staffId, at), acts, { proposal, rp })
      const passkey = boss.passkey.get(options)
      return staff.approve(tx, by(staffId, at), acts, { proposal, digest, rp, passkey })
    }),
  )
}

test('a staff of one approves alone only while glass is broken, which is an alarm and takes the console', async () => {
  expect(await grantSupport(boss.id)).toBe('staff.not_your_own')
  const open = { login: 'boss', reason, minutes: 60 }
  await expect(act((tx) => staff.breakGlassAlone(tx, command(), open))).rejects.toThrow(/permission denied/)
  expect(await codeOf(atConsole((tx) => staff.breakGlassAlone(tx, command(), { ...open, login: 'nobody' })))).toBe(
    'staff.member_unknown',
  )
  await atConsole((tx) => staff.breakGlassAlone(tx, command(), open))
  expect(await grantSupport(boss.id)).toBe('done')
  const later = new Date(Date.now() + 61 * 60_000)
  expect(await grantSupport(boss.id, later)).toBe('staff.not_your_own')
  const [told] = await audit.search(db.sql, { code: 'staff.glass_broken', limit: 1 })
  expect(told).toMatchObject({ reason, detail: { kind: 'alone', member: boss.id } })
  expect(audit.kindOf('staff.glass_broken')).toMatchObject({ severity: 'alarm', gli: 'i' })
  const [done] = await audit.search(db.sql, { code: 'staff.proposal_approved', limit: 1 })
  expect(done!.detail).toMatchObject({ alone: told!.subject })
})

test('what was done in an emergency stays in sight until somebody else has reviewed it', async () => {
  const [open] = await staff.emergencies(db.sql)
  expect(open).toMatchObject({ kind: 'alone', name: 'boss', reason, reviewedAt: null })
  const review = (id: string, emergency = open!.emergency) =>
    codeOf(act((tx) => staff.reviewEmergency(tx, by(id), { emergency, finding: 'it was so' })))
  expect(await review(boss.id)).toBe('staff.not_your_own')
  const { secret } = await atConsole((tx) => staff.breakGlassForPlace(tx, command(), { reason }))
  expect(secret).toBeTruthy()
  const [place] = await staff.emergencies(db.sql)
  // Who came in by that glass does not review that it was broken; who was there before does.
  const sam = await act((tx) => employ(tx, command(), { role: 'administrator' }))
  expect(await review(sam.id, place!.emergency)).toBe('staff.not_your_own')
  expect(await review(boss.id, place!.emergency)).toBe('done')
  expect(await review(sam.id)).toBe('done')
  expect(await review(sam.id)).toBe('staff.emergency_unknown')
  const reviewed = await staff.emergencies(db.sql)
  expect(reviewed.every(({ finding }) => finding === 'it was so')).toBe(true)
})

test('the review of access tells who may do what, by which role, and what they never used', async () => {
  const grace = await act((tx) => employ(tx, command(), { role: 'support', login: 'grace' }))
  const now = new Date()
  await act((tx) => staff.grant(tx, by(boss.id), { staff: grace.id, role: 'risk', minutes: 10 }))
  await staff.noteUses(db.sql, grace.id, ['players.view'], now)
  const report = await staff.accessReview(db.sql, new Date())
  const told = report.members.find(({ name }) => name === 'grace')!
  expect(told.roles.map(({ role, until }) => [role, until !== null])).toEqual([
    ['risk', true],
    ['support', false],
  ])
  const held = Object.fromEntries(told.held.map(({ permission, roles, usedAt }) => [permission, { roles, usedAt }]))
  expect(held['players.view']).toEqual({ roles: ['risk', 'support'], usedAt: now })
  expect(held['limits.propose']).toEqual({ roles: ['risk'], usedAt: null })
  expect(held['audit.view']).toBeUndefined()

  const review = (digest: string) =>
    codeOf(act((tx) => staff.noteReview(tx, by(boss.id), { digest, finding: 'one too many' })))
  expect(await review('0'.repeat(64))).toBe('staff.report_changed')
  expect(await review(report.digest)).toBe('done')
  expect((await staff.accessReview(db.sql, new Date())).last).toMatchObject({ by: 'boss', finding: 'one too many' })
  await act((tx) => staff.revoke(tx, by(boss.id), { staff: grace.id, role: 'risk' }))
  expect(await review(report.digest)).toBe('staff.report_changed')
})

test('it tells from where each came last and who is shut out since when, and asks for itself every 90 days [GLI-2.8.9] [GLI-B.2.3a-2]', async () => {
  const gone = await act((tx) => employ(tx, command(), { role: 'support', login: 'gone' }))
  await db.sql`
    insert into staff.sessions (session, digest, staff, begun_at, seen_at, ends_at, from_address)
    values ('sts_1', '\\x01', ${gone.id}, now() - interval '2 h', now(), now(), '192.0.2.1'),
      ('sts_2', '\\x02', ${gone.id}, now() - interval '1 h', now(), now(), '192.0.2.2')`
  await act((tx) => staff.disable(tx, by(boss.id), { staff: gone.id, reason: 'left' }))
  const now = new Date()
  const report = await staff.accessReview(db.sql, now)
  expect(report.members.find(({ staff }) => staff === gone.id)).toMatchObject({
    lastSignInFrom: '192.0.2.2',
    disabledAt: expect.any(Date),
    roles: [],
    held: [],
  })
  await act((tx) => staff.noteReview(tx, by(boss.id), { digest: report.digest, finding: 'all well' }))
  const dueAfter = async (days: number) =>
    (await staff.accessReview(db.sql, new Date(Date.now() + days * 86_400_000))).due
  expect([await dueAfter(89), await dueAfter(91)]).toEqual([false, true])
})
