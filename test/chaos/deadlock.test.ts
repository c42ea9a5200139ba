import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { openFundedWallets } from './funded.ts'
import { proves } from './judge.ts'
import { openWriters } from './writers.ts'

/** 20 s here; `COUNTROOM_DEADLOCK_SECONDS=600` for the ten minutes. */
const seconds = Number(process.env.COUNTROOM_DEADLOCK_SECONDS ?? 20)

let db: TestDatabase
const writers = openWriters()
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(async () => {
  await writers.stop()
  await db?.stop()
})

/** The server's own count; sessions report when they are idle or end. */
async function deadlocks(): Promise<number> {
  await pause(1500)
  const [row] = await db.admin<Array<{ deadlocks: number }>>`
    select deadlocks::int from pg_stat_database where datname = current_database()`
  return row!.deadlocks
}

test('lanes, single transfers, holds that are taken and that expire, and reversals over few wallets: the server counts no deadlock', {
  timeout: 90_000 + seconds * 2000,
}, async () => {
  const wallets = await openFundedWallets(db.sql, 40, 1_000_000n)
  const running = [1, 2, 3].map(() =>
    writers.start({
      database: db.address,
      lanes: 2,
      callers: 24,
      wallets,
      ways: ['lane', 'lane', 'single', 'single', 'hold', 'reversal'],
    }),
  )
  await Promise.all(running.map((writer) => writer.proceeds(20)))
  const command = systemCommand('chaos')
  const endMs = Date.now() + seconds * 1000
  let placed = 0
  let expired = 0
  const placing = (async () => {
    while (Date.now() < endMs) {
      const wallet = BigInt(wallets[placed % wallets.length]!)
      const hold = `expires-${++placed}`
      await db.sql.begin((tx) =>
        ledger.hold(tx, command, { wallet, hold, amount: 1n, kind: 'hold', expiresAt: command.now }),
      )
    }
  })()
  const expiring = Array.from({ length: 2 }, async () => {
    while (Date.now() < endMs)
      expired += await db.sql.begin((tx) => ledger.expireHolds(tx, { ...command, now: new Date() }, 1000))
  })
  await Promise.all([placing, ...expiring])
  await Promise.all(running.map((writer) => writer.end()))

  expect(await deadlocks()).toBe(0)
  expect(expired).toBeGreaterThan(50)
  const fates = running.flatMap((writer) => writer.read())
  expect(fates.filter(({ receipt }) => !receipt)).toEqual([])
  for (const way of ['lane', 'single', 'hold', 'capture', 'release', 'reversal'])
    expect(fates.filter(({ order }) => order.way === way).length).toBeGreaterThan(20)
  await proves(db.sql)
  console.log(`${fates.length} orders and ${expired} expiries in ${seconds} s, 0 deadlocks`)
})

test('the server counts one that there is', async () => {
  const before = await deadlocks()
  const rows = await db.sql<Array<{ wallet: bigint }>>`select wallet from ledger.wallets order by wallet limit 2`
  const [first, second] = rows.map((row) => row.wallet)
  const both = (one: bigint, other: bigint) =>
    db.sql.begin(async (tx) => {
      await ledger.lockWallet(tx, one)
      await pause(300)
      await ledger.lockWallet(tx, other)
    })
  const outcomes = await Promise.allSettled([both(first!, second!), both(second!, first!)])
  expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(1)
  expect(await deadlocks()).toBe(before + 1)
})
