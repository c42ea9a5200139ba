import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Gauge } from 'prom-client'
import { z } from 'zod'
import * as audit from '#audit'
import { systemCommand } from '#base'
import type { Host } from './host.ts'

/**
 * What was found of this machine's clock, and when: how far it is before its time source (negative: behind), or why nobody knows. Whoever starts
 * the processes measures, since none of them may start a program, and keeps it beside their configurations.
 */
const shape = z.union([
  z.object({ at: z.iso.datetime(), synchronised: z.boolean(), offsetSeconds: z.number() }),
  z.object({ at: z.iso.datetime(), unmeasured: z.string() }),
])
export type ClockReading = z.infer<typeof shape>

export const clockFile = 'clock.json'

/** Beyond this the clock is wrong: an alarm, and a significant event. */
export const clockOffsetMsMax = 500

/** An older reading tells nothing of the clock as it is. */
const readingMsMax = 180_000
const lookSeconds = 10

type ClockHost = Pick<Host, 'sql' | 'log' | 'now' | 'config'>

/**
 * Tells how far the clock of this machine is from its time source: one process for each machine, by metrics, and by a significant event beyond
 * half a second, once, and again when it was good in between [GLI-2.2.1] [GLI-2.2.2] [GLI-2.8.8j]. What is not measured is not told: its alarm
 * is that there is no metric. `configuration` is the file of this process.
 */
export function watchTimeSource(host: ClockHost, configuration: string): { look(): Promise<void>; close(): void } {
  const file = join(dirname(configuration), clockFile)
  let told = false
  let looking = false

  const read = (): Extract<ClockReading, { synchronised: boolean }> | undefined => {
    const reading = readingIn(file)
    if (!reading || 'unmeasured' in reading) return undefined
    return host.now().getTime() - Date.parse(reading.at) > readingMsMax ? undefined : reading
  }

  const look = async (): Promise<void> => {
    if (looking) return
    const reading = read()
    if (!reading) return
    const milliseconds = Math.round(reading.offsetSeconds * 1000)
    const wrong = Math.abs(milliseconds) > clockOffsetMsMax
    if (!wrong || told) {
      told = wrong
      return
    }
    looking = true
    const { name } = host.config
    const against = 'time source'
    host.log.error({ milliseconds, against }, 'clocks differ')
    try {
      await host.sql.begin((tx) =>
        audit.record(tx, systemCommand(name, host.now()), {
          action: 'host.clock_skewed',
          subject: name,
          detail: { process: name, milliseconds, against },
        }),
      )
      told = true
    } finally {
      looking = false
    }
  }

  new Gauge({
    name: 'countroom_clock_offset_seconds',
    help: 'How far the clock of this machine is before its time source; nothing while that is not measured.',
    collect() {
      const reading = read()
      if (reading) this.set(reading.offsetSeconds)
      else this.remove()
    },
  })
  new Gauge({
    name: 'countroom_clock_synchronised',
    help: 'Whether a time source holds the clock of this machine; nothing while that is not measured.',
    collect() {
      const reading = read()
      if (reading) this.set(reading.synchronised ? 1 : 0)
      else this.remove()
    },
  })
  const timer = setInterval(() => {
    look().catch((error: unknown) => host.log.warn({ err: error }, 'a wrong clock is yet to be written down'))
  }, lookSeconds * 1000)
  timer.unref()
  return { look, close: () => clearInterval(timer) }
}

/** Undefined where nobody has measured yet. */
function readingIn(file: string): ClockReading | undefined {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
