import * as sessions from '#sessions'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** What no sign-in is judged by any more is forgotten. */
export const sweepSessions: JobDefinition = {
  queue: 'sessions.sweep',
  cron: '17 3 * * *',
  async run(host) {
    await transact(host, (tx) => sessions.sweep(tx, host.now()))
  },
}
