import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const command = {
  actor: { kind: 'staff', id: 'stf_eve', address: '127.0.0.1' } as const,
  now: new Date(),
  requestId: 'req_1',
}
const write = (n: number) =>
  db.sql.begin((tx) =>
    audit.record(tx, command, { action: 'players.viewed_in_full', subject: `dep_${n % 3}`, reason: 'because' }),
  )

test('fifty at once wait for nobody; each is one event that says who, what, when, from where, on what, with which outcome [S48]', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => write(n)))
  expect(await audit.verify(db.sql)).toMatchObject({ ok: true, count: 50n })
  const page = await audit.search(db.sql, { subject: 'dep_1', limit: 5 })
  expect(page).toHaveLength(5)
  expect(page[0]).toMatchObject({
    at: command.now.toISOString(),
    code: 'players.viewed_in_full',
    outcome: 'success',
    actor: { kind: 'staff', id: 'stf_eve' },
    address: '127.0.0.1',
    subject: 'dep_1',
    requestId: 'req_1',
    reason: 'because',
  })
  const [waiting] = await db.sql`select count(*)::int from audit.unsealed`
  expect(waiting?.count).toBe(50)
})

test('no audit record, no action [S53]', async () => {
  await db.admin`revoke execute on function audit.append from countroom_app, public`
  const act = db.sql.begin(async (tx) => {
    await tx`insert into base.events (id, name, subject, payload) values ('evt_x', 'acted', 'x', '{}')`
    await audit.record(tx, command, { action: 'players.viewed_masked', subject: 'x' })
  })
  await expect(act).rejects.toMatchObject({ code: 'audit.unwritable', cause: { code: '42501' } })
  const [row] = await db.sql`select count(*)::int as count from base.events`
  expect(row?.count).toBe(0)
  await db.admin`grant execute on function audit.append to countroom_app`
})

test('the application can neither change, remove, nor slip in an event [GLI-B.6.5c] [GLI-B.3.2-1]', async () => {
  for (const statement of [
    "update audit.events set code = 'x'",
    'delete from audit.events',
    'truncate audit.events',
    'insert into audit.events select * from audit.events',
    'insert into audit.unsealed values (gen_random_uuid())',
    'delete from audit.unsealed',
  ])
    await expect(db.sql.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' })
})

const columns: Array<[string, string]> = [
  ['id', 'gen_random_uuid()'],
  ['at', "at + interval '1 millisecond'"],
  ['code', "'test.undone'"],
  ['outcome', "'failure'"],
  ['actor_kind', "'player'"],
  ['actor', "'stf_bob'"],
  ['subject', "'plr_x'"],
  ['player', "'plr_x'"],
  ['request_id', "'req_2'"],
  ['sealed', "'\\x00'"],
]
test.each(columns)('a change of the column %s by a superuser is found and named [S51]', async (column, value) => {
  const [first] = await db.sql<Array<{ id: string }>>`select id from audit.events order by id limit 1`
  let found: audit.AuditProof | undefined
  await db.admin
    .begin(async (tx) => {
      await tx.unsafe(`update audit.events set ${column} = ${value} where id = '${first!.id}'`)
      found = await audit.verify(tx)
      throw new Error('undo')
    })
    .catch(() => {})
  expect(found).toMatchObject({ ok: false, firstBad: expect.stringMatching(/^event [0-9a-f-]{36} was changed$/) })
  expect((await audit.verify(db.sql)).ok).toBe(true)
})
