/**
 * How many requests may be under way for another time: a share of all that are, so that repeats of what fails never become the load that
 * makes it fail (Envoy's retry budget).
 */
export class RetryBudget {
  active = 0
  retrying = 0
  #share = 0
  #least = 0

  constructor(rules: { share: number; least: number }) {
    this.configure(rules)
  }

  configure({ share, least }: { share: number; least: number }): void {
    this.#share = share
    this.#least = least
  }

  get isSpent(): boolean {
    return this.retrying >= Math.max(this.#least, this.active * this.#share)
  }

  /** Takes one, to be given back when that try is over. */
  take(): boolean {
    if (this.isSpent) return false
    this.retrying++
    return true
  }

  giveBack(): void {
    this.retrying--
  }
}

const savedMax = 10

/** How many requests may be sent a second time only because the first is late: so many of a hundred, with a little saved for a bad moment. */
export class HedgeBudget {
  #saved = 0
  #share: number

  constructor(share: number) {
    this.#share = share
  }

  configure(share: number): void {
    this.#share = share
  }

  earn(): void {
    if (this.#saved < savedMax) this.#saved += this.#share
  }

  take(): boolean {
    if (this.#saved < 1) return false
    this.#saved--
    return true
  }
}
