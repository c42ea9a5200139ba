import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { postgresBinaries } from '../appliance/postgres.ts'

const programs = 'run/patroni-bin'
const forks = 'patroni/forks'

/**
 * PostgreSQL's programs as Patroni finds them: in place of `pg_rewind` stands one of ours, which keeps the log of a server that led, from where
 * it parted from the next primary, before it is taken back. Answers the folder, and what ours goes by.
 */
export function furnishPrograms(home: Home, users: Users): { folder: string; environment: Record<string, string> } {
  const from = postgresBinaries()
  makeFolder(home.path(programs), 0o755)
  for (const name of readdirSync(home.path(programs))) rmSync(home.path(programs, name))
  for (const name of readdirSync(from))
    symlinkSync(
      name === 'pg_rewind' ? join(import.meta.dirname, 'bin/pg_rewind') : join(from, name),
      home.path(programs, name),
    )
  makeFolder(home.path(forks), 0o700, ownerOf(users, 'postgres'))
  return {
    folder: home.path(programs),
    environment: { COUNTROOM_PG_REWIND: join(from, 'pg_rewind'), COUNTROOM_FORKS: home.path(forks) },
  }
}
