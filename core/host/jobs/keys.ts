import { Gauge, register } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as keys from '#keys'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'
import { advance, forgetIndexes, mendIndexes } from '../rotation.ts'

type JobHost = Pick<Host, 'sql' | 'keys' | 'log' | 'now'>

/**
 * Carries open rotations on, every minute and at once when one is asked for. Whatever ends it, the next run goes on from what
 * the rows say: each batch is a transaction of its own.
 */
export const rotateKeys: JobDefinition = {
  queue: 'keys.rotate',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    observeKeys(host)
    await mendIndexes(host)
    await tellOverdue(host)
    for (const rotation of await keys.openRotations(host.sql)) await advance(host, rotation)
    await forgetIndexes(host)
  },
}

/** That a key is older than it may be is told once. */
async function tellOverdue(host: JobHost): Promise<void> {
  const now = host.now()
  for (const { key, rotateBefore } of await host.keys.list())
    if (rotateBefore && Date.parse(rotateBefore) < now.getTime())
      await transact(host, async (tx) => {
        const [told] = await audit.search(tx, { code: 'keys.rotation_overdue', subject: key, limit: 1 })
        if (!told)
          await audit.record(tx, systemCommand('keys.rotate', now), {
            action: 'keys.rotation_overdue',
            subject: key,
            detail: { key, since: rotateBefore },
          })
      })
}

const dueMetric = 'countroom_keys_rotation_due_timestamp_seconds'

/** What the token and the rows say, of this moment; where one of them does not answer there is none, an alarm of its own. */
function observeKeys(host: JobHost): void {
  if (register.getSingleMetric(dueMetric)) return
  new Gauge({
    name: dueMetric,
    help: 'When the rotation of the active key of a family is due.',
    labelNames: ['family'],
    async collect() {
      this.reset()
      for (const { family, rotateBefore } of await host.keys.list().catch(() => []))
        if (rotateBefore) this.set({ family }, Date.parse(rotateBefore) / 1000)
    },
  })
  new Gauge({
    name: 'countroom_keys_rotation_open_timestamp_seconds',
    help: 'Since when a rotation is under way, by family.',
    labelNames: ['family'],
    async collect() {
      this.reset()
      for (const { family, askedAt } of await keys.openRotations(host.sql).catch(() => []))
        this.set({ family }, askedAt.getTime() / 1000)
    },
  })
  new Gauge({
    name: 'countroom_keys_backup_timestamp_seconds',
    help: 'When a backup of keys was last written, by the audit log; 0 for never.',
    async collect() {
      const last = await audit.search(host.sql, { code: 'keys.backup_written', limit: 1 }).catch(() => undefined)
      if (last) this.set(last[0] ? Date.parse(last[0].at) / 1000 : 0)
      else this.remove()
    },
  })
}
