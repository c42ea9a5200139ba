import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Host } from './host.ts'
import { takeRefused } from './incidents.ts'

const lookSeconds = 2

type Outage = { from: Date; until?: Date; refused: number }
type OutageHost = Pick<Host, 'sql' | 'log' | 'now' | 'config'>

/**
 * Writes down when something the casino needs was away for this process [GLI-2.8.8c], as soon as it can be written again: what
 * it was, from when until when, how many were refused meanwhile. An outage too short to be seen shows by who was refused.
 */
export function watchOutages(
  host: OutageHost,
  missing: () => Promise<string[]>,
): { look(): Promise<void>; close(): void } {
  const outages = new Map<string, Outage>()
  let lookedAt = host.now()
  let looking = false

  const look = async (): Promise<void> => {
    const away = await missing()
    const now = host.now()
    const refused = takeRefused()
    for (const name of away) if (!outages.has(name)) outages.set(name, { from: lookedAt, refused: 0 })
    if (refused > 0 && outages.size === 0) outages.set('unknown', { from: lookedAt, refused: 0 })
    for (const [name, outage] of outages) {
      outage.refused += refused
      if (!away.includes(name)) outage.until ??= now
    }
    lookedAt = now
    if (away.includes('database')) return
    for (const [component, { from, until, refused }] of outages) {
      if (!until) continue
      await host.sql.begin((tx) =>
        audit.record(tx, systemCommand(host.config.name, now), {
          action: 'host.unavailable',
          subject: component,
          detail: { process: host.config.name, from, until, refused },
        }),
      )
      outages.delete(component)
    }
  }

  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look()
      .catch((error: unknown) => host.log.warn({ err: error }, 'an outage is yet to be written down'))
      .finally(() => {
        looking = false
      })
  }, lookSeconds * 1000)
  timer.unref()
  return { look, close: () => clearInterval(timer) }
}
