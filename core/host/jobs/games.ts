import { systemCommand } from '#base'
import * as games from '#games'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** What players stake and win in a day, so that a sum which the licence calls large is told within minutes. */
export const sumPlay: JobDefinition = {
  queue: 'games.sum-days',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    const sum = () => transact(host, (tx) => games.sumDays(tx, systemCommand('games.days', host.now())))
    while ((await sum()).more);
  },
}
