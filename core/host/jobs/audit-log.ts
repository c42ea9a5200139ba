import { Gauge } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { transact } from '../host.ts'
import { type LogCheck, proveLog } from '../log-proof.ts'
import type { JobDefinition } from '../queue.ts'

const sound = new Gauge({
  name: 'countroom_audit_proof_sound',
  help: '1 when the last proof of the whole audit log held, 0 when it did not; nothing before this worker’s first.',
  labelNames: ['of'], // one, so that nothing is told before there is something to tell
})

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
    sound.set({ of: 'log' }, bad ? 0 : 1)
    if (!bad) {
      await transact(host, (tx) => audit.thinCheckpoints(tx, host.now()))
      return
    }
    host.log.error({ check: bad.name, firstBad: bad.firstBad }, 'the audit log contradicts itself')
    await transact(host, (tx) =>
      audit.record(tx, systemCommand('audit.prove', host.now()), {
        action: 'audit.proof_failed',
        subject: 'log',
        detail: { firstBad: bad.firstBad ?? '' },
      }),
    )
  },
}
