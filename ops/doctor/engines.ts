import { compareSchema } from '../../core/host/migrations.ts'
import type { Home } from '../appliance/home.ts'
import { socketPortOf } from '../appliance/postgres.ts'
import { askRedis } from '../appliance/redis.ts'
import { postgresFolder } from '../appliance/sockets.ts'
import { broken, type Check, heldUp, sound } from './finding.ts'

export const postgres: Check = {
  id: 'postgres',
  after: ['appliance', 'cluster'],
  remedy: 'npx countroom logs postgres says why',
  async look(probe) {
    const held = heldUp(probe, 'postgres')
    if (held) return held
    const [row] = await probe.sql()<Array<{ version: string; used: number; max: number }>>`
        select current_setting('server_version') as version, current_setting('max_connections')::int as max,
          (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`
    return sound(`version ${row?.version}, ${row?.used} of ${row?.max} connections`)
  },
}

/** What money needs: a commit that was answered survives the loss of power, and a torn page is seen. */
const durable = ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']

export const durability: Check = {
  id: 'postgres.durability',
  after: ['postgres'],
  remedy: 'npx countroom logs postgres',
  async look(probe) {
    const { home } = probe
    const sql = probe.sql()
    const rows = await sql<Array<{ name: string; setting: string; source: string }>>`
      select name, setting, source from pg_settings where name = any (${durable})`
    const off = rows.filter((row) => ['off', 'local'].includes(row.setting))
    if (off.length === 0 && rows.length === durable.length)
      return sound('every commit is flushed, pages carry checksums')
    return broken(
      off.map((row) => `${row.name} is ${row.setting} (set by: ${row.source})`).join(', '),
      `${psqlOf(home)} ${off.map((row) => `-c '${resetOf(row)}'`).join(' ')} -c 'select pg_reload_conf()'`,
    )
  },
}

export const schema: Check = {
  id: 'postgres.schema',
  after: ['postgres'],
  remedy: 'npx countroom logs postgres',
  async look(probe) {
    const sql = probe.sql()
    const { open, newer, changed } = await compareSchema(sql)
    if (newer.length > 0)
      return broken(
        `newer than this code, which does not know ${newer.join(', ')}`,
        'stop, check out the newer version, npm start',
      )
    if (changed.length > 0) return broken(`applied with other contents: ${changed.join(', ')}`, 'git checkout -- core')
    if (open.length > 0) return broken(`not applied yet: ${open.join(', ')}`, 'stop, then npm start applies them')
    return sound('as this code wants it')
  },
}

export const redis: Check = {
  id: 'redis',
  after: ['appliance'],
  remedy: 'npx countroom logs redis',
  async look(probe) {
    const why = await askRedis(probe.home)
    if (why === undefined) return sound('answers')
    return heldUp(probe, 'redis') ?? broken(why, 'npx countroom logs redis; it holds nothing that cannot be rebuilt')
  },
}

/** A shell command that opens the database as its superuser. */
export function psqlOf(home: Home): string {
  return `PGPASSWORD=$(cat ${home.path('secrets/postgres-admin')}) psql -h ${postgresFolder(home)} -p ${socketPortOf(home)} -U postgres countroom`
}

function resetOf({ name, source }: { name: string; source: string }): string {
  if (source === 'user') return `alter role countroom_app reset ${name}`
  if (source === 'database') return `alter database countroom reset ${name}`
  return `alter system reset ${name}`
}
