import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rooms } from '../rooms.ts'
import type { Sql } from './database.ts'

type Migration = { room: string; number: number; name: string; text: string; sha256: string }

const migrationLock = 7_305_808_868 // any constant; it only has to be the same in every installer

/**
 * Brings the schema up to the code, in the order of the rooms, one transaction per file, under a lock, so that two
 * installers collide safely. Runs as the owner of the database.
 *
 * @throws Error when the schema is newer than the code, or when a migration that already ran reads differently now
 */
export async function migrate(
  sql: Sql,
  coreDir: string = join(import.meta.dirname, '..'),
): Promise<{ applied: string[] }> {
  const migrations = rooms.flatMap((room) => migrationsOf(coreDir, room))
  const connection = await sql.reserve()
  try {
    await connection`select pg_advisory_lock(${migrationLock}::bigint)`
    await connection`create schema if not exists base`
    await connection`
      create table if not exists base.migrations (
        room text not null, number smallint not null, name text not null, sha256 text not null,
        applied_at timestamptz not null default now(), primary key (room, number))`
    const done = await connection<Array<{ room: string; number: number; name: string; sha256: string }>>`
      select room, number, name, sha256 from base.migrations`
    refuseForeign(migrations, done)
    const open = migrations.filter((m) => !done.some((d) => d.room === m.room && d.number === m.number))
    for (const room of rooms) if (open.some((m) => m.room === room)) await prepareSchema(connection, room)
    for (const migration of open) await apply(connection, migration)
    return { applied: open.map((m) => `${m.room}/${m.name}`) }
  } finally {
    await connection`select pg_advisory_unlock(${migrationLock}::bigint)`.catch(() => {})
    connection.release()
  }
}

export type SchemaState = {
  /** Known to the code, not to the database. */
  open: string[]
  /** Known to the database, not to the code: the schema is newer. */
  newer: string[]
  /** Applied with other contents than the file has now. */
  changed: string[]
}

/** Compares schema and code and changes nothing; any role that may read `base.migrations` can ask. */
export async function compareSchema(sql: Sql, coreDir: string = join(import.meta.dirname, '..')): Promise<SchemaState> {
  const migrations = rooms.flatMap((room) => migrationsOf(coreDir, room))
  const [table] = await sql<Array<{ there: boolean }>>`select to_regclass('base.migrations') is not null as there`
  const done = table?.there
    ? await sql<Array<{ room: string; number: number; name: string; sha256: string }>>`
        select room, number, name, sha256 from base.migrations order by room, number`
    : []
  const knownAs = (row: (typeof done)[number]) => migrations.find((m) => m.room === row.room && m.number === row.number)
  return {
    open: migrations
      .filter((m) => !done.some((row) => row.room === m.room && row.number === m.number))
      .map((m) => `${m.room}/${m.name}`),
    newer: done.filter((row) => !knownAs(row)).map((row) => `${row.room}/${row.name}`),
    changed: done
      .filter((row) => (knownAs(row)?.sha256 ?? row.sha256) !== row.sha256)
      .map((row) => `${row.room}/${row.name}`),
  }
}

function migrationsOf(coreDir: string, room: string): Migration[] {
  let files: string[]
  try {
    files = readdirSync(join(coreDir, room, 'sql')).filter((file) => file.endsWith('.sql'))
  } catch {
    return []
  }
  return files.sort().map((name) => {
    const text = readFileSync(join(coreDir, room, 'sql', name), 'utf8')
    return {
      room,
      number: Number(name.slice(0, 4)),
      name,
      text,
      sha256: createHash('sha256').update(text).digest('hex'),
    }
  })
}

function refuseForeign(
  known: Migration[],
  done: Array<{ room: string; number: number; name: string; sha256: string }>,
): void {
  for (const row of done) {
    const match = known.find((m) => m.room === row.room && m.number === row.number)
    if (!match)
      throw new Error(
        `The database's schema is newer than this code: it has ${row.room}/${row.name}, which this version does not know. ` +
          'Start the newer version, or restore the backup taken before the upgrade.',
      )
    if (match.sha256 !== row.sha256)
      throw new Error(
        `The migration ${row.room}/${row.name} was applied with other contents than it has now; migrations never change.`,
      )
  }
}

/** The application's role may use what a room makes; a room's own migration takes back what it must not do. */
async function prepareSchema(connection: Sql, room: string): Promise<void> {
  await connection.unsafe(`
    create schema if not exists ${room};
    grant usage on schema ${room} to countroom_app;
    alter default privileges in schema ${room} grant select, insert, update, delete on tables to countroom_app;
    alter default privileges in schema ${room} grant usage, select on sequences to countroom_app;
    alter default privileges in schema ${room} grant execute on functions to countroom_app;
    ${room === 'base' ? 'grant select on base.migrations to countroom_app;' : ''}`)
}

async function apply(connection: Sql, migration: Migration): Promise<void> {
  await connection`begin`
  try {
    await connection.unsafe(migration.text)
    await connection`
      insert into base.migrations (room, number, name, sha256)
      values (${migration.room}, ${migration.number}, ${migration.name}, ${migration.sha256})`
    await connection`commit`
  } catch (error) {
    await connection`rollback`
    throw new Error(`The migration ${migration.room}/${migration.name} failed: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
