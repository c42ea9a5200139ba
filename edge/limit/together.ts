import { hostname } from 'node:os'
import type { Asker } from './asker.ts'
import { inMicroseconds, keyOf } from './leases.ts'
import { deny, type Limit, take } from './limit.ts'
import type { Store } from './store.ts'

/** What limits need of the other hosts. */
export type Together = {
  /** Milliseconds until all hosts together let them in; 0 when they did. While the others cannot be asked this host's small share decides. */
  ask(limit: Limit, asker: Asker, sinceMs: () => number): Promise<number>
  /** How many hosts there are, and whether they can talk. */
  share(): [hosts: number, together: boolean]
  close(): void
}

const meetEveryMs = 1000

/**
 * Meets the other hosts in Redis, and tells how many there are and whether they can talk: at once when they cannot, so that no host lets in
 * more than its share.
 *
 * @param hostsMin as configured, for the time before they have met
 */
export function meetHosts(
  store: Store,
  hostsMin: number,
  onShare: (hosts: number, together: boolean) => void,
): Together {
  const me = `${hostname()}-${process.ppid}` // one for all workers of a host
  let hosts = hostsMin
  let told = ''
  const meeting = setInterval(() => void meet(), meetEveryMs)
  meeting.unref()
  store.onChange(() => void meet())
  tell()
  return {
    async ask(limit, asker, sinceMs) {
      const charge = { key: keyOf(limit, asker), ...inMicroseconds(limit), used: 0, wanted: 1 }
      const [answer] = (await store.charge([charge])) ?? []
      if (answer === undefined) {
        tell()
        return Math.max(0, -take(limit, asker, sinceMs())) / limit.ticksPerMs
      }
      if (answer.granted > 0) return 0
      deny(limit, asker, sinceMs(), answer.backlogUs / 1000)
      return Math.max(1, (answer.backlogUs - charge.tolerance) / 1000)
    },
    share: () => [hosts, store.open],
    close: () => clearInterval(meeting),
  }

  async function meet(): Promise<void> {
    tell()
    const counted = await store.meet(me)
    if (counted !== undefined) hosts = Math.max(counted, hostsMin)
    tell()
  }

  function tell(): void {
    const now = `${hosts} ${store.open}`
    if (now !== told) onShare(hosts, store.open)
    told = now
  }
}
