import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
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

const command = {
  actor: { kind: 'staff', id: 'stf_eve', address: '127.0.0.1' } as const,
  now: new Date(),
  requestId: 'req_1',
}
const write = (n: number) =>
  db.sql.begin((tx) =>
    audit.record(tx, command, { action: 'test.done', subject: `plr_${n % 3}`, reason: 'because', detail: { n } }),
  )

test('fifty at once make one chain without a gap', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => write(n)))
  expect(await audit.verify(db.sql)).toMatchObject({ ok: true, count: 50n })
  const page = await audit.search(db.sql, { subject: 'plr_1', limit: 5 })
  expect(page).toHaveLength(5)
  expect(page[0]).toMatchObject({ actor: 'stf_eve', action: 'test.done', reason: 'because' })
})

test('no audit record, no action', async () => {
  await db.admin`revoke execute on function audit.append from countroom_app, public`
  const act = db.sql.begin(async (tx) => {
    await tx`insert into base.events (id, name, subject, payload) values ('evt_x', 'acted', 'x', '{}')`
    await audit.record(tx, command, { action: 'test.acted', subject: 'x' })
  })
  await expect(act).rejects.toMatchObject({ code: '42501' })
  const [row] = await db.sql`select count(*)::int as count from base.events`
  expect(row?.count).toBe(0)
  await db.admin`grant execute on function audit.append to countroom_app`
})

test('the application can neither change, remove, nor slip in a record', async () => {
  await expect(db.sql`update audit.records set reason = 'x'`).rejects.toMatchObject({ code: '42501' })
  await expect(db.sql`delete from audit.records`).rejects.toMatchObject({ code: '42501' })
  await expect(db.sql`update audit.head set seq = 0`).rejects.toMatchObject({ code: '42501' })
})

test('a signed checkpoint holds the chain down; another key is noticed', async () => {
  await db.sql.begin((tx) => audit.checkpoint(tx, { ...systemCommand('test'), keys: agent.as('work') }))
  expect(await audit.verify(db.sql, agent.keys)).toMatchObject({ ok: true, checkpoints: 1 })
})

const columns: Array<[string, string]> = [
  ['at', "at + interval '1 microsecond'"],
  ['actor_kind', "'player'"],
  ['actor', "'stf_bob'"],
  ['address', "'10.0.0.1'"],
  ['action', "'test.undone'"],
  ['subject', "'plr_x'"],
  ['reason', "'none'"],
  ['detail', "'{}'"],
  ['request_id', "'req_2'"],
  ['previous', "'\\x00'"],
  ['hash', "'\\x00'"],
]
test.each(columns)('a change of %s by a superuser is found and named', async (column, value) => {
  const { found, after } = await tampered(`update audit.records set ${column} = ${value} where seq = 20`)
  expect(found.ok).toBe(false)
  expect(found.firstBad).toMatch(/record 2[01] /)
  expect(after.ok).toBe(true)
})

test('a removed record, a removed end and a lost checkpoint are found', async () => {
  expect((await tampered('delete from audit.records where seq = 20')).found.firstBad).toBe('record 20 is missing')
  expect((await tampered('delete from audit.records where seq > 49')).found.ok).toBe(false)
  expect(
    (await tampered('update audit.checkpoints set signature = sha256(signature) || sha256(hash)')).found.firstBad,
  ).toMatch(/checkpoint 50/)
})

/** Plants a fault in a transaction that is rolled back, and looks at it from inside. */
async function tampered(change: string) {
  let found: audit.AuditProof | undefined
  await db.admin
    .begin(async (tx) => {
      await tx.unsafe(change)
      found = await audit.verify(tx, agent.keys)
      throw new Error('undo')
    })
    .catch(() => {})
  return { found: found!, after: await audit.verify(db.sql, agent.keys) }
}
