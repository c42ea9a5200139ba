import { Gauge } from 'prom-client'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Host } from './host.ts'

type ClockHost = Pick<Host, 'sql' | 'log' | 'config'>
/** `steady` never jumps and is never set: milliseconds from any beginning. */
export type Clocks = { wall(): number; steady(): number }

const skewMsMax = 1000

const skew = new Gauge({
  name: 'countroom_clock_skew_seconds',
  help: 'How far the clock of this process is before the database’s; NaN while that cannot be asked.',
})

const own: Clocks = { wall: () => Date.now(), steady: () => performance.now() }

/**
 * Watches the clock of this process [S55]: against one that never jumps, which shows that it was set [GLI-2.8.8j], and against
 * the database's. Each is told once, and again when it was good in between.
 */
export function watchClocks(
  host: ClockHost,
  { clocks = own, lookSeconds = 30 }: { clocks?: Clocks; lookSeconds?: number } = {},
): { look(): Promise<void>; close(): void } {
  let last = { wall: clocks.wall(), steady: clocks.steady() }
  let told = false

  const look = async (): Promise<void> => {
    const now = { wall: clocks.wall(), steady: clocks.steady() }
    const step = Math.round(now.wall - last.wall - (now.steady - last.steady))
    last = now
    if (Math.abs(step) > skewMsMax) await tell('host.clock_stepped', step)
    const ahead = await beforeDatabase()
    skew.set(ahead / 1000)
    const skewed = Math.abs(ahead) > skewMsMax
    if (skewed && !told) await tell('host.clock_skewed', ahead, 'database')
    told = skewed
  }

  /** In milliseconds; the database is asked in the middle of the round trip, as far as one can know. */
  async function beforeDatabase(): Promise<number> {
    const sent = { wall: clocks.wall(), steady: clocks.steady() }
    const [row] = await host.sql<
      Array<{ ms: number }>
    >`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
    const half = (clocks.steady() - sent.steady) / 2
    return Math.round(sent.wall + half - row!.ms)
  }

  async function tell(action: 'host.clock_stepped' | 'host.clock_skewed', milliseconds: number, against?: string) {
    const { name } = host.config
    host.log.error({ milliseconds, against }, action === 'host.clock_stepped' ? 'the clock was set' : 'clocks differ')
    await host.sql.begin((tx) =>
      audit.record(tx, systemCommand(name, new Date(clocks.wall())), {
        action,
        subject: name,
        detail: { process: name, milliseconds, ...(against ? { against } : {}) },
      }),
    )
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      skew.set(Number.NaN)
      host.log.warn({ err: error }, 'the clock cannot be compared')
    })
  }, lookSeconds * 1000)
  timer.unref()
  return { look, close: () => clearInterval(timer) }
}
