const gain = 1 / 16
const gainOfDeviation = 1 / 8
const ratioGain = 1 / 32
const ratioMax = 10

/** What requests of a class usually take until the head of their answer is there, by whichever core. */
export class UsualLatency {
  readonly #meanMs: Float64Array
  readonly #deviationMs: Float64Array

  constructor(classes: number) {
    this.#meanMs = new Float64Array(classes)
    this.#deviationMs = new Float64Array(classes)
  }

  /** Takes an answer to account; how many times as long as usual it took. */
  note(routeClass: number, ms: number): number {
    const mean = this.#meanMs[routeClass] as number
    if (mean === 0) {
      this.#meanMs[routeClass] = ms
      this.#deviationMs[routeClass] = ms / 2
      return 1
    }
    this.#meanMs[routeClass] = mean + (ms - mean) * gain
    const deviation = this.#deviationMs[routeClass] as number
    this.#deviationMs[routeClass] = deviation + (Math.abs(ms - mean) - deviation) * gainOfDeviation
    return Math.min(ratioMax, Math.max(1 / ratioMax, ms / mean))
  }

  /** From when on an answer of this class is late (the rule of RFC 6298 for a lost segment). */
  lateMs(routeClass: number): number {
    return (this.#meanMs[routeClass] as number) + 4 * (this.#deviationMs[routeClass] as number)
  }
}

/**
 * How slow a core is beside the others, 1 as all: an average of what its answers took as multiples of what their classes take, so that a
 * core is not thought slow for being asked what takes long.
 */
export function slowness(before: number, ratio: number): number {
  return before + (ratio - before) * ratioGain
}
