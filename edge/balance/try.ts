import type { Hearing, Leg } from '../upstream/upstream.ts'
import type { Core } from './core.ts'
import type { Cores, Verdict } from './cores.ts'
import { Alarm } from './wheel.ts'

/** Who waits for what becomes of a try. */
export interface Trying {
  answered(tried: Try, status: number, rawHeaders: readonly string[]): void
  data(tried: Try, chunk: Buffer, last: boolean): void
  ended(tried: Try): void
  failed(tried: Try): void
}

const unheardBytesMax = 64 * 1024
const unheardMsMax = 10_000

/** A request sent to one core, once. */
export class Try extends Alarm implements Hearing {
  readonly core: Core
  /** By the worker's time awake, which its own pauses do not count in. */
  readonly startedAwakeMs: number
  readonly #startedMs = performance.now()
  /** Its first byte went out. What failed before was never sent. */
  wasSent = false
  leg: Leg | undefined
  readonly #cores: Cores
  readonly #routeClass: number
  readonly #isRetry: boolean
  #trying: Trying | undefined
  #status = 0
  #tookMs: number | undefined
  #unheardBytes = 0
  #over = false
  #whenOver: (() => void) | undefined

  constructor(
    cores: Cores,
    core: Core,
    trying: Trying,
    { routeClass, isRetry }: { routeClass: number; isRetry: boolean },
  ) {
    super()
    this.core = core
    this.startedAwakeMs = cores.wheel.awakeMs
    this.#cores = cores
    this.#trying = trying
    this.#routeClass = routeClass
    this.#isRetry = isRetry
    cores.begin(core, routeClass)
  }

  /**
   * Nobody waits for it any more. What was sent is let come to its end, because ending it would cost the connection and spare the core
   * nothing; only a long or late answer is not read to its end.
   */
  forget(whenOver?: () => void): void {
    this.#trying = undefined
    this.#whenOver = whenOver
    this.#cores.wheel.set(this, unheardMsMax)
    if (!this.wasSent) this.leg?.abort()
    else if (this.#status !== 0) this.leg?.resume()
  }

  /** Ends it here and now. `late`: because the core took too long for this, and not because it is silent altogether. */
  abandon(late: boolean): void {
    this.#trying = undefined
    this.#settle(late ? false : undefined)
    this.leg?.abort()
  }

  ring(): void {
    this.abandon(true)
  }

  sent(): void {
    this.wasSent = true
  }

  answered(status: number, rawHeaders: readonly string[]): void {
    this.#cores.heard(this.core)
    this.#status = status
    this.#tookMs = performance.now() - this.#startedMs
    this.#trying?.answered(this, status, rawHeaders)
  }

  data(chunk: Buffer, last: boolean): void {
    if (this.#trying) {
      this.#trying.data(this, chunk, last)
      return
    }
    this.#unheardBytes += chunk.length
    if (this.#unheardBytes > unheardBytesMax) this.leg?.abort()
  }

  ended(): void {
    this.#settle(!isFailure(this.#status))
    this.#trying?.ended(this)
  }

  /** A connection that fails says something of the core as a whole, and nothing of this class of routes. */
  failed(): void {
    this.#settle(undefined)
    this.#trying?.failed(this)
  }

  #settle(verdict: Verdict): void {
    if (this.#over) return
    this.#over = true
    this.#cores.wheel.clear(this)
    this.#cores.end(this.core, this.#routeClass, verdict, this.#tookMs)
    if (this.#isRetry) this.#cores.retries.giveBack()
    this.#whenOver?.()
  }
}

/** 503 is the word of a core that is well and says so: it drains, or has too much to do. */
function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 503
}
