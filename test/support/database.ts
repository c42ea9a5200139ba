import { randomBytes } from 'node:crypto'
import { openDatabase, type Sql } from '../../core/host/database.ts'

export type TestDatabase = {
  /** As the application connects: it may not do what its role may not. */
  sql: Sql
  /** As the worker connects: as the application, and it seals the log besides. */
  work: Sql
  /** As a superuser, for planting faults. */
  admin: Sql
  address: { host: string; port: number; database: string }
  stop(): Promise<void>
}

/** A migrated database of this test's own, cloned from the template of the run. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const noted = process.env.COUNTROOM_TEST_DATABASE
  if (!noted) throw new Error('Tests run through vitest with test/support/setup.ts as global set-up.')
  const { host, port } = JSON.parse(noted) as { host: string; port: number }
  const name = `test_${randomBytes(6).toString('hex')}`
  const maintenance = openDatabase({ host, port, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await cloneTemplate(maintenance, name)
  const sql = openDatabase({ host, port, database: name, user: 'countroom_app', password: '', poolMax: 10 })
  const work = openDatabase({ host, port, database: name, user: 'countroom_work', password: '', poolMax: 4 })
  const admin = openDatabase({ host, port, database: name, user: 'postgres', password: '', poolMax: 2 })
  return {
    sql,
    work,
    admin,
    address: { host, port, database: name },
    async stop() {
      await Promise.all([sql.end({ timeout: 5 }), work.end({ timeout: 5 }), admin.end({ timeout: 5 })])
      await maintenance.unsafe(`drop database if exists ${name} with (force)`)
      await maintenance.end()
    },
  }
}

/** PostgreSQL clones a template for one caller at a time; the others wait their turn. */
async function cloneTemplate(maintenance: Sql, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await maintenance.unsafe(`create database ${name} template countroom_template owner countroom_owner`)
      return
    } catch (error) {
      if (attempt === 100 || (error as { code?: string }).code !== '55006') throw error
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))
    }
  }
}
