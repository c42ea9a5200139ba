export type BreakerRules = {
  /** So many failures in a window open it, where they are also half of all. */
  failuresMax: number
  windowMs: number
  /** How long it stays open the first time; twice as long each time a trial fails. */
  openMs: number
  openMsMax: number
  /** Requests of one class under way at one core. */
  inFlightMax: number
}

const closed = 0
const open = 1
const trial = 2 // one request is under way that decides

/**
 * The circuit breakers of one core, one for each class of routes: a core whose sign-ins hang still takes bets. Counts over two halves of a
 * window, so that old failures are forgotten; after a while one request is let through to see.
 */
export class Breakers {
  #rules: BreakerRules
  readonly #state: Uint8Array
  readonly #inFlight: Int32Array
  readonly #counts: Int32Array // of each class: failures and all, of this half of the window and of the one before
  readonly #halfBegan: Float64Array
  readonly #openUntil: Float64Array
  readonly #openMs: Float64Array

  constructor(classes: number, rules: BreakerRules) {
    this.#rules = rules
    this.#state = new Uint8Array(classes)
    this.#inFlight = new Int32Array(classes)
    this.#counts = new Int32Array(classes * 4)
    this.#halfBegan = new Float64Array(classes)
    this.#openUntil = new Float64Array(classes)
    this.#openMs = new Float64Array(classes).fill(rules.openMs)
  }

  configure(rules: BreakerRules): void {
    this.#rules = rules
  }

  admits(routeClass: number, nowMs: number): boolean {
    if ((this.#inFlight[routeClass] as number) >= this.#rules.inFlightMax) return false
    const state = this.#state[routeClass]
    return state === closed || (state === open && nowMs >= (this.#openUntil[routeClass] as number))
  }

  isOpen(routeClass: number): boolean {
    return this.#state[routeClass] !== closed
  }

  /** A request goes to the core; it must have been admitted. */
  began(routeClass: number): void {
    this.#inFlight[routeClass]!++
    if (this.#state[routeClass] === open) this.#state[routeClass] = trial
  }

  /** A request is over. `undefined`: it says nothing of the core, such as one that was called off. */
  ended(routeClass: number, ok: boolean | undefined, nowMs: number): void {
    this.#inFlight[routeClass]!--
    if (this.#state[routeClass] === trial) this.#endTrial(routeClass, ok, nowMs)
    else if (ok !== undefined && this.#state[routeClass] === closed) this.#count(routeClass, ok, nowMs)
  }

  #endTrial(routeClass: number, ok: boolean | undefined, nowMs: number): void {
    if (ok === true) {
      this.#state[routeClass] = closed
      this.#openMs[routeClass] = this.#rules.openMs
      this.#counts.fill(0, routeClass * 4, routeClass * 4 + 4)
      return
    }
    this.#state[routeClass] = open
    if (ok === undefined) return // the next one tells
    this.#openMs[routeClass] = Math.min(this.#rules.openMsMax, (this.#openMs[routeClass] as number) * 2)
    this.#openUntil[routeClass] = nowMs + (this.#openMs[routeClass] as number)
  }

  #count(routeClass: number, ok: boolean, nowMs: number): void {
    const counts = this.#counts
    const at = routeClass * 4
    const age = nowMs - (this.#halfBegan[routeClass] as number)
    if (age > this.#rules.windowMs / 2) {
      const keeps = age <= this.#rules.windowMs
      counts[at + 2] = keeps ? (counts[at] as number) : 0
      counts[at + 3] = keeps ? (counts[at + 1] as number) : 0
      counts[at] = 0
      counts[at + 1] = 0
      this.#halfBegan[routeClass] = nowMs
    }
    if (!ok) counts[at]!++
    counts[at + 1]!++
    const failures = (counts[at] as number) + (counts[at + 2] as number)
    const all = (counts[at + 1] as number) + (counts[at + 3] as number)
    if (failures < this.#rules.failuresMax || failures * 2 < all) return
    this.#state[routeClass] = open
    this.#openUntil[routeClass] = nowMs + (this.#openMs[routeClass] as number)
  }
}
