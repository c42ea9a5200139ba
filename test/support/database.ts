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

type Server = { host: string; port: number }

/** A migrated database of this test's own, cloned from the template of the run, or of a server that has one. */
export async function openTestDatabase({ host, port }: Server = serverOfRun()): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const maintenance = openDatabase({ host, port, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await cloneTemplate(maintenance, name)
  const connections = connectTo({ host, port, database: name })
  return {
    ...connections,
    async stop() {
      await connections.stop()
      await maintenance.unsafe(`drop database if exists ${name} with (force)`)
      await maintenance.end()
    },
  }
}

/** Connections to a database that is there, and stays when they are ended. */
export function connectTo(address: TestDatabase['address']): TestDatabase {
  const sql = openDatabase({ ...address, user: 'countroom_app', password: '', poolMax: 10 })
  const work = openDatabase({ ...address, user: 'countroom_work', password: '', poolMax: 4 })
  const admin = openDatabase({ ...address, user: 'postgres', password: '', poolMax: 2 })
  return {
    ...{ sql, work, admin, address },
    async stop() {
      await Promise.all([sql, work, admin].map((each) => each.end({ timeout: 5 })))
    },
  }
}

function serverOfRun(): Server {
  const noted = process.env.COUNTROOM_TEST_DATABASE
  if (!noted) throw new Error('Tests run through vitest with test/support/setup.ts as global set-up.')
  return JSON.parse(noted) as Server
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
