import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** Where months, instants and proofs meet: clocks of two writers differ, a month comes late, somebody holds the application's role. */
let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const act = <T>(work: (tx: Parameters<typeof ledger.transfer>[0]) => Promise<T>) => db.sql.begin(work) as Promise<T>
const at = (date: string) => systemCommand('test', new Date(date))
const bad = async (options = {}) => (await ledger.prove(db.sql, options)).checks.filter((check) => !check.ok)
let keys = 0
const open = async (player: string, instants: readonly string[]) => {
  const { wallet } = await act((tx) => ledger.openWallet(tx, at('2025-01-01'), { player, currency: 'EUR' }))
  for (const instant of instants)
    await act((tx) =>
      ledger.transfer(tx, at(instant), {
        wallet,
        key: `k${++keys}`,
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 100n }],
      }),
    )
  return wallet
}

test('the application may change nothing that is booked, in no month and not where no month is', async () => {
  await act((tx) => ledger.makePartitions(tx, new Date('2034-01-01T00:00:00Z'), 1))
  const rows = await db.admin<Array<{ may: string }>>`
    select format('%s %s', c.relname, a.privilege_type) as may from pg_class c
    join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
    where n.nspname = 'ledger' and r.rolname = 'countroom_app' and a.privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
      and (c.relname like '%postings%' or c.relname in ('transfers', 'batches', 'proofs', 'openings', 'archived', 'house_entries', 'accounts'))`
  expect(rows.map((row) => row.may)).toEqual([])
})

test('a month made late takes what was booked in it meanwhile', async () => {
  const wallet = await open('plr_late', ['2033-05-10T00:00:00Z', '2033-05-11T00:00:00Z'])
  await act((tx) => ledger.makePartitions(tx, new Date('2033-05-11T00:00:00Z'), 0))
  const [month] = await db.admin<Array<{ count: number }>>`
    select count(*)::int from ledger.postings_2033_05 where wallet = ${wallet}`
  expect(month?.count).toBe(2)
  expect(await bad()).toEqual([])
})

const crossing = [
  '2025-01-10T00:00:00Z',
  '2025-02-01T00:00:00.001Z',
  '2025-01-31T23:59:59.999Z',
  '2025-02-02T00:00:00Z',
]

test('a month is detached although a slow clock booked in it after a fast one had left it', async () => {
  await act((tx) => ledger.makePartitions(tx, new Date('2025-01-15T00:00:00Z'), 1))
  for (const player of ['plr_a', 'plr_b', 'plr_c']) await open(player, crossing)
  expect(await bad()).toEqual([])
  expect(await act((tx) => ledger.detachMonth(tx, '2025-01-01'))).toBe('ledger.archived_postings_2025_01')
  expect(await bad()).toEqual([])
  const [kept] = await db.admin<Array<{ count: number }>>`select count(*)::int from ledger.archived_postings_2025_01`
  expect(kept?.count).toBe(9) // the three that crossed early went along
})

test('a proof of what is new is not confused by an instant that is older than the one before it', async () => {
  await open('plr_d', [
    '2026-09-01T00:00:00Z',
    '2026-09-02T00:00:00.001Z',
    '2026-09-01T23:59:59.999Z',
    '2026-09-02T01:00:00Z',
  ])
  expect(await bad({ since: new Date('2026-09-02T00:00:00Z'), now: new Date('2026-09-03T00:00:00Z') })).toEqual([])
})
