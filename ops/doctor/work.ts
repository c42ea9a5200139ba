import { readdirSync, readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { psqlOf } from './engines.ts'
import { broken, type Check, sound } from './finding.ts'

export const lanes: Check = {
  id: 'lanes',
  after: ['postgres', 'processes', 'ready'],
  remedy: 'npx countroom logs core-1',
  async look(probe) {
    const { home } = probe
    const sql = probe.sql()
    const wanted = lanesWanted(home)
    const [row] = await sql<Array<{ held: number }>>`
      select count(*)::int as held from ledger.lanes where lane > 0 and leased_until > clock_timestamp()`
    const held = row?.held ?? 0
    if (held >= wanted) return sound(`${held} leased`)
    return broken(
      `${held} of ${wanted} lanes are leased; a core without a lane settles no bet`,
      'a core leases another lane within 10 s; if it does not: npx countroom logs core-1',
    )
  },
}

export const jobs: Check = {
  id: 'jobs',
  after: ['postgres'],
  remedy: 'npx countroom logs work-1',
  async look(probe) {
    const { home } = probe
    const sql = probe.sql()
    const rows = await sql<Array<{ queue: string; failed: number; late: number }>>`
      select * from (
        select name as queue, count(*) filter (where state = 'failed')::int as failed,
          count(*) filter (where state in ('created', 'retry') and start_after < now() - interval '5 minutes')::int as late
        from pgboss.job group by name) queues
      where failed > 0 or late > 0 order by queue`
    if (rows.length === 0) return sound('none failed for good, none late')
    return broken(
      rows.map(({ queue, failed, late }) => `${queue}: ${failed} failed for good, ${late} late`).join('; '),
      `npx countroom logs work-1 says why; to try the failed again: ${psqlOf(home)} -c "update pgboss.job set state = 'retry', start_after = now() where state = 'failed'"`,
    )
  },
}

/** What the cores of this appliance were told to lease. */
function lanesWanted(home: Home): number {
  return readdirSync(home.path('run'))
    .filter((file) => /^core-\d+\.json$/.test(file))
    .map((file) => JSON.parse(readFileSync(home.path('run', file), 'utf8')) as { lanes: { count: number } })
    .reduce((sum, { lanes: { count } }) => sum + count, 0)
}
