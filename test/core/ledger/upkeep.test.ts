import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Host } from '../../../core/host/host.ts'
import { keepLedgerTables } from '../../../core/host/jobs/ledger.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** What the nightly upkeep does to the tables of the ledger, by the worker's job. */
let db: TestDatabase
let wallet: bigint
beforeAll(async () => {
  db = await openTestDatabase()
  await act((tx) => ledger.makePartitions(tx, new Date('2024-01-10T00:00:00Z'), 24))
  const opened = await act((tx) => ledger.openWallet(tx, at('2024-01-10'), { player: 'plr_old', currency: 'EUR' }))
  wallet = opened.wallet
  for (const date of ['2001-03-04', '2024-01-10', '2024-02-10', '2025-11-10', '2025-12-10']) await deposit(date)
})
afterAll(() => db.stop())

type Tx = Parameters<typeof ledger.transfer>[0]
const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
const at = (date: string) => systemCommand('test', new Date(date))
const deposit = (date: string) =>
  act((tx) =>
    ledger.transfer(tx, at(date), {
      wallet,
      key: `deposit ${date}`,
      kind: 'deposit',
      legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 100n }],
    }),
  )

test('months to come are made, and those a wrong clock booked in; months past are detached with a record each, old keys go; balance and proof stay whole', async () => {
  const now = new Date('2026-05-20T02:15:00Z')
  const host = { sql: db.sql, now: () => now, log: {}, config: { ledger: { monthsAttached: 6 } } } as unknown as Host
  await keepLedgerTables.run(host, {})
  const months = await ledger.attachedMonths(db.sql)
  expect(months[0]).toBe('2025-11-01')
  expect(months).toEqual(expect.arrayContaining(['2026-05-01', '2026-08-01']))
  const records = await audit.search(db.sql, { code: 'ledger.month_detached', limit: 50 })
  expect(records.length).toBe(23)
  const [kept] = await db.admin<Array<{ count: number }>>`select count(*)::int from ledger.archived_postings_2024_02`
  expect(kept?.count).toBe(1)
  const keys = await db.sql<Array<{ key: string }>>`select key from ledger.transfers order by key`
  expect(keys.map(({ key }) => key)).toEqual(['deposit 2025-12-10'])
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 500n, version: 5n })
  expect((await ledger.prove(db.sql, { now })).checks.filter((check) => !check.ok)).toEqual([])

  await keepLedgerTables.run(host, {}) // the next night there is nothing to do
  expect(await audit.search(db.sql, { code: 'ledger.month_detached', limit: 50 })).toHaveLength(23)
})
