import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as ledger from '#ledger'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import { rooms } from '../../../core/rooms.ts'

const core = join(import.meta.dirname, '../../../core')
const name = `test_upgrade_${process.pid}`
let first: string // core as it was when every room had its first migration only
let admin: Sql
let owner: Sql
beforeAll(async () => {
  first = mkdtempSync(join(tmpdir(), 'cr-first-'))
  for (const room of rooms) {
    const file = join(room, 'sql', `0001_${room}.sql`)
    if (!existsSync(join(core, file))) continue // a room without tables
    mkdirSync(join(first, room, 'sql'), { recursive: true })
    cpSync(join(core, file), join(first, file))
  }
  const { host, port } = JSON.parse(process.env.COUNTROOM_TEST_DATABASE!) as { host: string; port: number }
  admin = openDatabase({ host, port, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin.unsafe(`create database ${name} owner countroom_owner`)
  owner = openDatabase({ host, port, database: name, user: 'countroom_owner', password: '', poolMax: 2 })
})
afterAll(async () => {
  await owner?.end()
  await admin.unsafe(`drop database ${name} with (force)`)
  await admin.end()
  rmSync(first, { recursive: true, force: true })
})

test('books that were kept before months existed come along whole, chains included', async () => {
  await migrate(owner, first)
  await owner`insert into ledger.wallets (player, currency, opened_at) select 'plr_' || n, 'EUR', now() from generate_series(1, 3) n`
  const post = (lane: number, key: string, source: string, target: string, amount: number, at: string) => owner`
    select * from ledger.post(${lane}::smallint, '', ${at}::timestamptz, array[1,2,3]::bigint[], array_fill(${key}::text, array[3]),
      array_fill(gen_random_uuid(), array[3]), array_fill('test'::text, array[3]), array_fill(''::text, array[3]), array_fill(''::text, array[3]),
      array[1,2,3], array_fill(${source}::text, array[3]), array_fill(${target}::text, array[3]), array_fill(${amount}::bigint, array[3]))`
  await post(-1, 'fund', 'gateway.clearing', 'cash', 500, '2026-01-31T23:59:59Z')
  await post(-1, 'one', 'cash', 'games.revenue', 20, '2026-02-01T00:00:00Z')
  await post(-2, 'two', 'cash', 'games.revenue', 30, '2026-02-02T00:00:00Z')
  await post(-1, 'three', 'games.revenue', 'cash', 7, '2026-03-01T00:00:00Z')

  await migrate(owner)
  expect((await ledger.prove(owner)).checks.filter((check) => !check.ok)).toEqual([])
  expect(await ledger.balance(owner, 2n)).toMatchObject({ cash: 457n, version: 4n })
  expect((await ledger.statement(owner, 2n, { limit: 10 })).lines.map((line) => line.amount)).toEqual([
    7n,
    30n,
    20n,
    500n,
  ])
  expect(await ledger.attachedMonths(owner)).toEqual(expect.arrayContaining(['2026-01-01', '2026-02-01', '2026-03-01']))
})
