import { systemCommand } from '#base'
import * as privacy from '#privacy'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

const playersAtOnce = 20

/** What of the erased was kept by law goes when its time is over. */
export const eraseDue: JobDefinition = {
  queue: 'privacy.retain',
  cron: '41 * * * *',
  async run(host) {
    const erase = () => {
      const command = { ...systemCommand('privacy.retain', host.now()), keys: host.keys }
      return transact(host, (tx) => privacy.eraseDue(tx, command, playersAtOnce))
    }
    while ((await erase()) === playersAtOnce);
  },
}
