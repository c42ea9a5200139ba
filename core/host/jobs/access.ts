import * as access from '#access'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

const batch = 1000

/** Codes, tokens and proofs that have ended are removed. */
export const sweepAccess: JobDefinition = {
  queue: 'access.sweep',
  cron: '*/5 * * * *',
  retryMax: 0,
  async run(host) {
    while ((await transact(host, (tx) => access.sweep(tx, { now: host.now(), limit: batch }))) === batch);
  },
}
