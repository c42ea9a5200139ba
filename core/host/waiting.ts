import { Gauge } from 'prom-client'
import * as cashier from '#cashier'
import type { OpenHost } from './open-host.ts'

/**
 * Metrics of what waits at this moment, for a person or for a job, as the rows say; any worker tells the same. Where the
 * database does not answer there is nothing to tell, and that is an alarm of its own.
 */
export function observeWaiting({ sql }: Pick<OpenHost, 'sql'>): void {
  const read = onceAtATime(() => cashier.waiting(sql).catch(() => []))
  new Gauge({
    name: 'countroom_cashier_waiting',
    help: 'How many wait: event (of a gateway, for its job), deposit (held) and withdrawal (for a person), payout (for a gateway).',
    labelNames: ['what'],
    async collect() {
      this.reset()
      for (const { what, count } of await read()) this.set({ what }, count)
    },
  })
  new Gauge({
    name: 'countroom_cashier_waiting_timestamp_seconds',
    help: 'Since when the oldest of them waits.',
    labelNames: ['what'],
    async collect() {
      this.reset()
      for (const { what, since } of await read()) if (since) this.set({ what }, since.getTime() / 1000)
    },
  })
  new Gauge({
    name: 'countroom_jobs_waiting_timestamp_seconds',
    help: 'Since when the oldest job of a queue is due that nobody has taken.',
    labelNames: ['queue'],
    async collect() {
      this.reset()
      const due = await sql<Array<{ queue: string; since: Date }>>`
        select name as queue, min(start_after) as since from pgboss.job
        where state < 'active' and start_after < now() group by name`.catch(() => [])
      for (const { queue, since } of due) this.set({ queue }, since.getTime() / 1000)
    },
  })
}

/** All gauges of one scrape ask at the same time: they share one answer. */
function onceAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return asked
  }
}
