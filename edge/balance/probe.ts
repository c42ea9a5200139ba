import type { Hearing } from '../upstream/upstream.ts'
import type { Core } from './core.ts'
import { Alarm, type Wheel } from './wheel.ts'

/** What a core said of itself, and when it was asked and heard, by `performance.now()`. */
export type ProbeResult = { ready: boolean; begunMs: number; endedMs: number; clockMs: number | undefined }

const bytesMax = 4096

/**
 * Asks a core whether it can move money: its `/health/ready` answers 200 when it reaches database and keys. It tells its clock beside,
 * which deadlines are given in.
 */
export function probe(core: Core, patienceMs: number, wheel: Wheel): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const begunMs = performance.now()
    let answered = 0
    let text = ''
    const done = (ready: boolean) => {
      wheel.clear(patience)
      resolve({ ready, begunMs, endedMs: performance.now(), clockMs: clockIn(text) })
    }
    const hearing: Hearing = {
      sent() {},
      answered(status) {
        answered = status
      },
      data(chunk) {
        if (text.length < bytesMax) text += chunk.toString('latin1')
      },
      ended: () => done(answered === 200),
      failed: () => done(false),
    }
    const leg = core.probes.send({ method: 'GET', path: '/health/ready', headers: [], body: Buffer.alloc(0) }, hearing)
    const patience = new Patience(() => {
      leg.abort()
      done(false)
    })
    wheel.set(patience, patienceMs)
  })
}

function clockIn(text: string): number | undefined {
  try {
    const { now } = JSON.parse(text) as { now?: unknown }
    return typeof now === 'number' && Number.isFinite(now) ? now : undefined
  } catch {
    return undefined
  }
}

class Patience extends Alarm {
  readonly #ends: () => void

  constructor(ends: () => void) {
    super()
    this.#ends = ends
  }

  ring(): void {
    this.#ends()
  }
}
