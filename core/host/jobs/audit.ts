import * as audit from '#audit'
import { systemCommand } from '#base'
import { transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'

/** Every minute the head of the audit log is signed, if it moved. */
export const checkpointAudit: JobDefinition = {
  queue: 'audit.checkpoint',
  cron: '* * * * *',
  async run(host) {
    await transact(host, (tx) =>
      audit.checkpoint(tx, { ...systemCommand('audit.checkpoint', host.now()), keys: host.keys }),
    )
  },
}
