import { enqueue, Refusal, type Tx } from '#base'
import * as pki from '#pki'
import type { Host } from './host.ts'

export const issueQueue = 'pki.issue'

/** Less than what the edge waits for an answer to begin. */
const waitMsMax = 3500
const lookEveryMs = 100

/** The worker makes the certificate: a process that answers the network may not use the authority's key. */
export function enqueueIssue(tx: Tx, request: string): Promise<void> {
  return enqueue(tx, { queue: issueQueue, data: { request } })
}

/**
 * What the worker made, with what its owner has to believe.
 *
 * @throws Refusal `pki.not_yet` when the worker takes longer; the same request may be handed in again
 */
export async function awaitCertificate(host: Pick<Host, 'sql' | 'keys' | 'now'>, request: string) {
  for (const until = performance.now() + waitMsMax; ; ) {
    const issued = await pki.issuedFor(host.sql, request)
    if (issued) {
      const { component, serial, notAfter, chain } = issued
      const [anchors, lists] = await Promise.all([
        pki.anchors(host.sql, { keys: host.keys, now: host.now() }),
        pki.lists(host.sql, host.now()),
      ])
      return { component, serial, notAfter: notAfter.toISOString(), chain, anchors, lists }
    }
    if (performance.now() > until)
      throw new Refusal(
        'unavailable',
        'pki.not_yet',
        'The certificate is not made yet. Ask again with the same request.',
      )
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
