import type { Exchange } from '../listen/exchange.ts'
import { refusals } from '../metrics.ts'

type SpoolLimits = { answerBytesHeldMax: number; answersBytesHeldMax: number; coreConnectionsMax: number }

/** An answer, or what came of it so far, that waits for its reader. `cut`: it is given up. */
export type Held = { readonly exchange: Exchange; bytes: number; readonly cut: () => void }

/**
 * Answers that wait for their readers do so here, in the memory of this worker, so that no connection to a core waits with them. It is bounded: when
 * it is full, those that have waited longest without being heard to the end of what there was are given up. One that is too large for it
 * holds up its connection to the core, as few at a time as leave most of them to others.
 */
export class Spool {
  readonly #held = new Set<Held>() // each from when it began to wait
  readonly #pausing = new Set<Held>()
  #limits: SpoolLimits
  #bytes = 0

  constructor(limits: SpoolLimits) {
    this.#limits = limits
  }

  configure(limits: SpoolLimits): void {
    this.#limits = limits
  }

  /** `flows`: its reader has taken all there was. */
  hold(exchange: Exchange, flows: () => void, cut: () => void): Held {
    const held: Held = { exchange, bytes: 0, cut }
    this.#held.add(held)
    exchange.onOver(() => this.#release(held))
    exchange.onDrain(() => {
      this.#release(held)
      flows()
    })
    return held
  }

  /** There is more of it. Answers whether the core may go on. */
  weigh(held: Held): boolean {
    if (!this.#held.has(held)) return true // given up
    const { unheard } = held.exchange
    this.#bytes += unheard - held.bytes
    held.bytes = unheard
    while (this.#bytes > this.#limits.answersBytesHeldMax) this.#giveUpOldest(this.#held)
    return held.bytes <= this.#limits.answerBytesHeldMax || !this.#held.has(held)
  }

  /** Its connection to the core stands still with it. */
  pause(held: Held): void {
    this.#pausing.add(held)
    while (this.#pausing.size > Math.ceil(this.#limits.coreConnectionsMax / 4)) this.#giveUpOldest(this.#pausing)
  }

  #giveUpOldest(all: ReadonlySet<Held>): void {
    for (const held of all) {
      this.#release(held)
      refusals.inc({ code: 'edge.too_slow_to_hear' })
      held.cut()
      return
    }
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) return
    this.#pausing.delete(held)
    this.#bytes -= held.bytes
  }
}
