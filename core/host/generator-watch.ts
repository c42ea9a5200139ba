import { Gauge } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type * as rng from '#rng'
import type { Host } from './host.ts'

const lookSeconds = 2

const sound = new Gauge({
  name: 'countroom_rng_sound',
  help: 'Whether the generator of outcomes gives numbers; 0 while play is closed by it.',
})

/**
 * Tells when the generator of this process closed play because a source of entropy failed its tests: an error in the log, a metric, and
 * once a significant event, as soon as it can be written [GLI-A.6.2]. A source that is merely away is an outage (`outages.ts`).
 */
export function watchGenerator(
  host: Pick<Host, 'sql' | 'log' | 'now' | 'config'>,
  generator: Pick<rng.Generator, 'sound' | 'failed'>,
): { look(): Promise<void>; close(): void } {
  let told = false
  let looking = false

  const look = async (): Promise<void> => {
    sound.set(generator.sound ? 1 : 0)
    const { failed } = generator
    if (told || looking || failed.length === 0) return
    looking = true
    const process = host.config.name
    host.log.error({ sources: failed }, 'play is closed: a source of entropy failed its tests')
    try {
      await host.sql.begin((tx) =>
        audit.record(tx, systemCommand(process, host.now()), {
          action: 'rng.source_failed',
          subject: process,
          detail: { process, sources: [...failed] },
        }),
      )
      told = true
    } finally {
      looking = false
    }
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) => host.log.warn({ err: error }, 'a failed source is yet to be written down'))
  }, lookSeconds * 1000)
  timer.unref()
  return { look, close: () => clearInterval(timer) }
}
