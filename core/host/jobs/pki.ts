import { systemCommand } from '#base'
import * as pki from '#pki'
import { type Host, transact } from '../host.ts'
import { issueQueue } from '../issuing.ts'
import type { JobDefinition } from '../queue.ts'

/** Makes the certificate for a request that a face took in. */
export const issueCertificate: JobDefinition = {
  queue: issueQueue,
  run: (host, { request = '' }) => issue(host, request),
}

/** Requests whose job got lost, once a minute. */
export const issueSweep: JobDefinition = {
  queue: 'pki.issue-sweep',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    for (const request of await pki.openApplications(host.sql, host.now()))
      await issue(host, request).catch((error: Error) =>
        host.log.warn({ request, reason: error.message }, 'not issued'),
      )
  },
}

async function issue(host: Pick<Host, 'sql' | 'keys' | 'config' | 'now'>, request: string): Promise<void> {
  const command = { ...systemCommand('pki.issue', host.now()), keys: host.keys }
  const lifeSeconds = host.config.pki.certificateHours * 3600
  await transact(host, (tx) => pki.issue(tx, command, { request, lifeSeconds }))
}
