import { systemCommand } from '#base'
import * as sessions from '#sessions'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** Looks whose address a forgotten password was asked for, and sends the code if it is a player's. */
export const sendReset: JobDefinition = {
  queue: sessions.resetQueue,
  atOnce: 5,
  run: (host, { epoch = '', value = '' }) =>
    transact(host, (tx) =>
      sessions.sendReset(
        tx,
        { ...systemCommand(sessions.resetQueue, host.now()), keys: host.keys },
        { epoch, value: Buffer.from(value, 'hex') },
      ),
    ),
}
