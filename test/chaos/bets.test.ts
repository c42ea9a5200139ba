import { afterAll, beforeAll, expect, test } from 'vitest'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { openFundedWallets } from './funded.ts'
import { proves } from './judge.ts'
import { openWriters } from './writers.ts'

let db: TestDatabase
const writers = openWriters()
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(async () => {
  await writers.stop()
  await db?.stop()
})

test('1,000 parallel bets on one wallet that can afford 500, by three processes and both ways: exactly 500 succeed [GLI-4.3.3b] [CR-04] [S47]', async () => {
  const wallets = await openFundedWallets(db.sql, 1, 5000n)
  const running = [400, 400, 200].map((callers, index) =>
    writers.start({
      database: db.address,
      lanes: 2,
      callers,
      each: 1,
      wallets,
      ways: index === 2 ? ['single'] : ['lane'],
      stake: '10',
    }),
  )
  await Promise.all(running.map((writer) => writer.finishes()))
  const fates = running.flatMap((writer) => writer.read())
  expect(fates).toHaveLength(1000)
  expect(fates.filter((fate) => fate.receipt)).toHaveLength(500)
  expect(fates.filter((fate) => fate.refused === 'ledger.insufficient_funds')).toHaveLength(500)
  expect(new Set(fates.flatMap((fate) => fate.receipt?.version ?? [])).size).toBe(500)
  for (const writer of running) expect(writer.read().some((fate) => fate.receipt)).toBe(true) // they did meet
  expect(await ledger.balance(db.sql, BigInt(wallets[0]!))).toMatchObject({ cash: 0n, version: 501n })
  await proves(db.sql)
})
