import { systemCommand } from '#base'
import * as players from '#players'
import * as sessions from '#sessions'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

const playersAtOnce = 50

/** What nobody confirmed is forgotten, and from where accounts were opened when no limit looks back at it any more. */
export const sweepRegistrations: JobDefinition = {
  queue: 'players.sweep',
  cron: '27 * * * *',
  async run(host) {
    await transact(host, (tx) => players.forgetRegistrationCounts(tx, host.now()))
    const command = { ...systemCommand('players.sweep', host.now()), keys: host.keys }
    const forget = () =>
      transact(host, async (tx) => {
        const forgotten = await players.forgetUnconfirmed(tx, command, playersAtOnce)
        for (const player of forgotten) await sessions.forget(tx, player)
        return forgotten.length
      })
    while ((await forget()) === playersAtOnce);
  },
}
