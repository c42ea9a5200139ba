import { Gauge } from 'prom-client'
import type { OpenHost } from './open-host.ts'

/** The connections this process has at the database, lanes' and jobs' included, as the server sees them. */
export function observePool(host: Pick<OpenHost, 'sql' | 'config'>): void {
  new Gauge({
    name: 'countroom_pool_connections',
    help: 'Connections to PostgreSQL by what they do: idle, active, idle in transaction.',
    labelNames: ['state'],
    async collect() {
      const rows = await host.sql<Array<{ state: string; count: number }>>`
        select state, count(*)::int as count from pg_stat_activity
        where starts_with(application_name, ${host.config.name}) and state is not null group by state`.catch(() => [])
      this.reset()
      for (const { state, count } of rows) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'countroom_pool_connections_max',
    help: 'Connections of the shared pool at most; lanes and jobs have their own.',
    collect() {
      this.set(host.config.database.poolMax)
    },
  })
}
