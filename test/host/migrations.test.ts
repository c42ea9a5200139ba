import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { migrate } from '../../core/host/migrations.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let owner: Sql
beforeAll(async () => {
  db = await openTestDatabase()
  owner = openDatabase({ ...db.address, user: 'countroom_owner', password: '', poolMax: 20 })
})
afterAll(async () => {
  await owner.end()
  await db.stop()
})

test('a database that is up to the code is left as it is', async () => {
  expect(await migrate(owner)).toEqual({ applied: [] })
})

test('ten installers at once collide safely', async () => {
  const room = 'games'
  const dir = copyOfCore((core) =>
    writeFileSync(join(core, room, 'sql', nextNumber(core, room)), 'create table games.added (id int)'),
  )
  const results = await Promise.all(Array.from({ length: 10 }, () => migrate(owner, dir)))
  expect(results.flatMap((result) => result.applied)).toHaveLength(1)
})

test('a schema newer than the code is refused and named', async () => {
  await expect(migrate(owner)).rejects.toThrow(/newer than this code.*games\//)
})

test('a migration that reads differently than when it ran is refused', async () => {
  await db.admin`delete from base.migrations where name like '%added%'`
  const dir = copyOfCore((core) => writeFileSync(join(core, 'base/sql/0001_base.sql'), 'select 1'))
  await expect(migrate(owner, dir)).rejects.toThrow(/base\/0001_base.sql was applied with other contents/)
})

test('a migration that fails leaves nothing behind', async () => {
  const dir = copyOfCore((core) =>
    writeFileSync(join(core, 'games/sql', nextNumber(core, 'games')), 'create table games.half (id int); select 1/0'),
  )
  await expect(migrate(owner, dir)).rejects.toThrow(/division by zero/)
  const [row] = await owner`select to_regclass('games.half') as made`
  expect(row?.made).toBeNull()
})

test('the application role cannot change the schema', async () => {
  await expect(db.sql`create table base.mine (id int)`).rejects.toMatchObject({ code: '42501' })
  await expect(db.sql`delete from base.migrations`).rejects.toMatchObject({ code: '42501' })
})

const copies: string[] = []
afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true })
})

function copyOfCore(change: (core: string) => void): string {
  const copy = mkdtempSync(join(tmpdir(), 'cr-core-'))
  copies.push(copy)
  cpSync(join(import.meta.dirname, '../../core'), copy, { recursive: true, filter: (path) => !/\.ts$/.test(path) })
  change(copy)
  return copy
}

function nextNumber(core: string, room: string): string {
  const count = readdirSync(join(core, room, 'sql')).length
  return `${String(count + 1).padStart(4, '0')}_added.sql`
}
