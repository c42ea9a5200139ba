import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sql } from '../../core/host/database.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { openFundedWallets } from './funded.ts'
import { proves } from './judge.ts'
import { openWriters } from './writers.ts'

/**
 * The bank test (Jepsen's `bank`): while several processes move money, each reader sees in one snapshot that nothing came or
 * went. Short here; `COUNTROOM_BANK_SECONDS=60` for the long run.
 */
const seconds = Number(process.env.COUNTROOM_BANK_SECONDS ?? 5)
const readers = 3

let db: TestDatabase
const writers = openWriters()
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(async () => {
  await writers.stop()
  await db?.stop()
})

type Sight = { total: bigint; atPlayers: bigint; astray: number; negative: number }

/** All of it in one snapshot: what is in wallets and house together, and in how many places the rows disagree. */
async function look(sql: Sql): Promise<Sight> {
  return (await sql.begin('isolation level repeatable read read only', async (tx) => {
    const [wallets] = await tx<Array<{ sum: bigint; negative: number }>>`
      select sum(cash + bonus + held)::bigint as sum, count(*) filter (where least(cash, bonus, held) < 0)::int as negative from ledger.wallets`
    const [house] = await tx<Array<{ sum: bigint }>>`select coalesce(sum(balance), 0)::bigint as sum from ledger.house`
    const [astray] = await tx<Array<{ count: number }>>`
      select count(*)::int from ledger.wallets w left join lateral (
        select cash, bonus, held, version from ledger.postings p where p.wallet = w.wallet order by version desc limit 1
      ) p on true
      where (w.cash, w.bonus, w.held, w.version) is distinct from (p.cash, p.bonus, p.held, p.version)`
    return {
      total: wallets!.sum + house!.sum,
      atPlayers: wallets!.sum,
      astray: astray!.count,
      negative: wallets!.negative,
    }
  })) as Sight
}

test('several processes move money: every reader sees a sum of zero in one snapshot, and nobody below nothing [CR-04]', {
  timeout: 60_000 + seconds * 2000,
}, async () => {
  const wallets = await openFundedWallets(db.sql, 30, 200n)
  const running = [1, 2, 3].map(() =>
    writers.start({
      database: db.address,
      lanes: 2,
      callers: 24,
      wallets,
      ways: ['lane', 'lane', 'lane', 'single', 'hold'],
    }),
  )
  await Promise.all(running.map((writer) => writer.proceeds(20)))
  const endMs = Date.now() + seconds * 1000
  const sights: Sight[] = []
  await Promise.all(
    Array.from({ length: readers }, async () => {
      while (Date.now() < endMs) {
        sights.push(await look(db.sql))
        await pause(10) // the processors are for the writers
      }
    }),
  )
  await proves(db.sql) // while they write
  await Promise.all(running.map((writer) => writer.end()))

  expect(sights.filter(({ total, astray, negative }) => total !== 0n || astray > 0 || negative > 0)).toEqual([])
  expect(new Set(sights.map(({ atPlayers }) => atPlayers)).size).toBeGreaterThan(10) // they did move
  await proves(db.sql)
  const fates = running.flatMap((writer) => writer.read())
  expect(fates.filter(({ receipt, refused }) => !receipt && !refused)).toEqual([])
  console.log(
    `${sights.length} snapshots over ${fates.filter(({ receipt }) => receipt).length} transfers in ${seconds} s`,
  )
})
