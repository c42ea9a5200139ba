import { execFile } from 'node:child_process'
import { type ClockReading, clockFile } from '../../core/host/time-source.ts'
import type { Home } from './home.ts'
import type { Users } from './identity.ts'
import { ownerOf } from './ownership.ts'

const lookMs = 30_000
const answerMsMax = 5000

/** Of `chronyc -c tracking` (chrony 4): the reference's id, what the clock is behind it in seconds, and whether it holds the clock. */
const field = { reference: 0, behind: 4, leap: 13 }

/**
 * How far the clock of this machine is before its time source, by chrony. Without it nobody knows: the kernel's own word needs `adjtimex`, which
 * Node has not.
 */
export function readClock(now: Date = new Date()): Promise<ClockReading> {
  const at = now.toISOString()
  return new Promise((resolve) => {
    execFile(
      'chronyc',
      ['-c', 'tracking'],
      { timeout: answerMsMax, env: { ...process.env, LC_ALL: 'C' } },
      (error, out) => {
        if (error) return resolve({ at, unmeasured: reasonOf(error, out) })
        const words = out.trim().split(',')
        const behind = Number(words[field.behind] || Number.NaN)
        if (words.length <= field.leap || !Number.isFinite(behind))
          return resolve({
            at,
            unmeasured: `chronyc says something else than it is asked: ${out.trim().slice(0, 100)}`,
          })
        const synchronised = !/^0+$/.test(words[field.reference]!) && words[field.leap] !== 'Not synchronised'
        resolve({ at, synchronised, offsetSeconds: -behind })
      },
    )
  })
}

function reasonOf(error: Error & { code?: string | number | null; killed?: boolean }, out: string): string {
  if (error.code === 'ENOENT') return 'there is no chronyc on this machine'
  if (error.killed) return `chronyc has not answered within ${answerMsMax / 1000} s`
  return `chronyc: ${out.trim().split('\n')[0] || `ended with ${error.code}`}`
}

/** Measures all the time and keeps the newest, where the worker reads it, which tells it. */
export function keepClock(home: Home, users: Users): { stop(): Promise<void> } {
  let running = look()
  const timer = setInterval(() => (running = running.then(look)), lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }

  async function look(): Promise<void> {
    const reading = await readClock()
    try {
      home.write(`run/${clockFile}`, `${JSON.stringify(reading)}\n`, 0o400, ownerOf(users, 'work'))
    } catch {} // a full disk: the reading grows old, which tells itself
  }
}
