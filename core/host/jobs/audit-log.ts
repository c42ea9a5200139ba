import * as audit from '#audit'
import { transact } from '../host.ts'
import { keepLogProof, type LogCheck, proveLog } from '../log-proof.ts'
import type { JobDefinition } from '../queue.ts'

/** Every night all of the log is proven; what does not hold is a significant event. Then old checkpoints are thinned, if it does. */
export const proveAuditLog: JobDefinition = {
  queue: 'audit.prove',
  cron: '45 3 * * *',
  retryMax: 0,
  async run(host) {
    const checks = (await host.sql.begin('isolation level repeatable read read only', (tx) =>
      proveLog(tx, host.keys),
    )) as LogCheck[]
    const bad = checks.find(({ ok }) => !ok)
    if (bad) host.log.error({ check: bad.name, firstBad: bad.firstBad }, 'the audit log contradicts itself')
    await keepLogProof(host, 'audit.prove', checks)
    if (!bad) await transact(host, (tx) => audit.thinCheckpoints(tx, host.now()))
  },
}
