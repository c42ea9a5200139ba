import * as players from '#players'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** From where accounts were opened is forgotten when no limit looks back at it any more. */
export const sweepRegistrations: JobDefinition = {
  queue: 'players.sweep',
  cron: '27 3 * * *',
  async run(host) {
    await transact(host, (tx) => players.forgetRegistrationCounts(tx, host.now()))
  },
}
