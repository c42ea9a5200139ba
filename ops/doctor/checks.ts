import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import * as audit from '#audit'
import { connectKeys } from '#keys'
import * as ledger from '#ledger'
import { openDatabase } from '../../core/host/database.ts'
import { migrate } from '../../core/host/migrations.ts'
import type { Home } from '../appliance/home.ts'
import { askReady } from '../appliance/nodes.ts'
import { addressOf, connect } from '../appliance/postgres.ts'
import { askRedis } from '../appliance/redis.ts'
import type { Card } from '../appliance.ts'

export type Severity = 'sound' | 'warning' | 'broken'
export type Finding = { id: string; severity: Severity; evidence: string; remedy?: string }
type Probe = { home: Home; card: Card | undefined }
type Check = { id: string; remedy: string; look(probe: Probe): Promise<Omit<Finding, 'id'>> }

const sound = (evidence: string) => ({ severity: 'sound' as const, evidence })
const bytesFreeMin = 512 * 1024 * 1024
const certificateDaysMin = 14

/** What the doctor looks at, each with an id for ever. */
export const checks: readonly Check[] = [
  check('processes', 'countroom logs <name>; npm start starts all of them', async ({ card }) => {
    const down = (card?.processes ?? []).filter((unit) => unit.pid === undefined || !isAlive(unit.pid))
    if (!card) return 'no appliance runs in this home'
    return down.length === 0
      ? sound(`${card.processes.length} run`)
      : `down: ${down.map((unit) => unit.name).join(', ')}`
  }),
  check('ready', 'countroom logs <name> says what is missing', async ({ card }) => {
    const ports = Object.entries(card?.ports ?? {}).filter(([name]) => name.endsWith('Metrics'))
    const answers = await Promise.all(ports.map(async ([name, port]) => [name, await askReady(port)] as const))
    const not = answers.filter(([, why]) => why !== undefined)
    return not.length === 0 && ports.length > 0
      ? sound(`${ports.length} processes are ready`)
      : not.map(([name, why]) => `${name}: ${why}`).join('; ') || 'nothing to ask'
  }),
  check(
    'postgres.durability',
    'ALTER SYSTEM RESET ALL, then restart: money needs fsync, synchronous_commit and full_page_writes',
    ({ home }) =>
      withSql(home, async (sql) => {
        const rows = await sql<Array<{ name: string; setting: string }>>`
        select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums')`
        const off = rows.filter((row) => row.setting === 'off' || row.setting === 'local')
        return off.length === 0
          ? sound('every commit is flushed, pages carry checksums')
          : `off: ${off.map((row) => row.name).join(', ')}`
      }),
  ),
  check('postgres.schema', 'start the version the schema belongs to, or npm start to bring it up', async ({ home }) => {
    const owner = openDatabase(addressOf(home, 'owner'))
    try {
      const { applied } = await migrate(owner)
      return sound(applied.length === 0 ? 'up to the code' : `brought up: ${applied.join(', ')}`)
    } finally {
      await owner.end({ timeout: 5 })
    }
  }),
  check(
    'redis',
    'countroom logs redis; it holds nothing that cannot be rebuilt',
    async ({ home }) => (await askRedis(home)) ?? sound('answers'),
  ),
  check('keys', 'countroom logs keys', async ({ home }) => {
    const keys = connectKeys({ socket: home.path('run/keys-ops.sock') })
    try {
      const attributes = Object.entries(await keys.attributes())
      const open = attributes.filter(([, found]) => found.extractable !== false || found.sensitive !== true)
      return open.length === 0
        ? sound(`${attributes.length} keys, none extractable`)
        : `extractable: ${open.map(([name]) => name).join(', ')}`
    } finally {
      await keys.close()
    }
  }),
  check('certificates', 'restart: npm start renews what is about to end', async ({ home }) => {
    const files = readdirSync(home.path('tls')).filter((file) => file.endsWith('.pem'))
    const days = files.map(
      (file) =>
        [
          file,
          Math.floor(
            (Date.parse(new X509Certificate(readFileSync(home.path('tls', file))).validTo) - Date.now()) / 86_400_000,
          ),
        ] as const,
    )
    const ending = days.filter(([, left]) => left < certificateDaysMin)
    if (ending.length > 0)
      return ending.map(([file, left]) => (left < 0 ? `${file} has ended` : `${file} ends in ${left} days`)).join(', ')
    return sound(`${files.length}, the first ends in ${Math.min(...days.map(([, left]) => left))} days`)
  }),
  check('secrets', 'chmod 600 <file>', async ({ home }) => {
    const files = [...inFolder(home, 'secrets', ''), ...inFolder(home, 'tls', '.key')]
    const open = files.filter((file) => (statSync(file).mode & 0o077) !== 0)
    return open.length === 0
      ? sound(`${files.length} files, for their owner only`)
      : `open to others: ${open.join(', ')}`
  }),
  check('disk', 'free some space, or move COUNTROOM_HOME', async ({ home }) => {
    const { bavail, bsize } = statfsSync(home.dir)
    const free = Math.round((bavail * bsize) / 1024 ** 2)
    return bavail * bsize > bytesFreeMin ? sound(`${free} MiB free`) : `only ${free} MiB free under ${home.dir}`
  }),
  check('lanes', 'countroom logs core-1', ({ home }) =>
    withSql(home, async (sql) => {
      const [row] = await sql<
        Array<{ held: number }>
      >`select count(*)::int as held from ledger.lanes where lane > 0 and leased_until > clock_timestamp()`
      return (row?.held ?? 0) > 0 ? sound(`${row?.held} leased`) : 'no lane is leased, so no bet can be settled'
    }),
  ),
  check('jobs', 'countroom logs work-1', ({ home }) =>
    withSql(home, async (sql) => {
      const [row] = await sql<Array<{ failed: number; late: number }>>`
        select count(*) filter (where state = 'failed')::int as failed,
          count(*) filter (where state = 'created' and start_after < now() - interval '5 minutes')::int as late from pgboss.job`
      return row && row.failed === 0 && row.late === 0
        ? sound('none failed, none late')
        : `${row?.failed} failed for good, ${row?.late} late`
    }),
  ),
  check('ledger', 'countroom verify ledger; stop taking bets and look at the first bad row', ({ home }) =>
    withSql(home, async (sql) => {
      const proof = await sql.begin('isolation level repeatable read read only', (tx) => ledger.prove(tx))
      const bad = proof.checks.filter((each) => !each.ok)
      return bad.length === 0
        ? sound(`${proof.checks.length} proofs hold`)
        : bad.map((each) => `${each.name}: ${each.firstBad}`).join('; ')
    }),
  ),
  check('audit', 'countroom verify audit; somebody changed the log', ({ home }) =>
    withSql(home, async (sql) => {
      const keys = connectKeys({ socket: home.path('run/keys-ops.sock') })
      const proof = await sql
        .begin('isolation level repeatable read read only', (tx) => audit.verify(tx, keys))
        .finally(() => keys.close())
      return proof.ok ? sound(`${proof.count} records linked`) : (proof.firstBad ?? 'the chain is broken')
    }),
  ),
]

/** A check answers soundness, or in words what is wrong. */
function check(
  id: string,
  remedy: string,
  look: (probe: Probe) => Promise<{ severity: 'sound'; evidence: string } | string>,
): Check {
  return {
    id,
    remedy,
    async look(probe) {
      const found = await look(probe)
      return typeof found === 'string' ? { severity: 'broken', evidence: found, remedy } : found
    },
  }
}

async function withSql<T>(home: Home, work: (sql: ReturnType<typeof connect>) => Promise<T>): Promise<T> {
  const sql = connect(home, 'app')
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function inFolder(home: Home, folder: string, ending: string): string[] {
  return readdirSync(home.path(folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => home.path(folder, file))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
