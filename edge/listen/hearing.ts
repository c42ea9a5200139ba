/** More than lies in buffers of ours between two looks, so that who takes it hears. */
const bytesEnough = 1024 ** 2

/** For how long an answer has been going out since its client took much of it: a long one may take its time, one that nobody hears may not. */
export class Hearing {
  #sinceMs: number | undefined
  #bytes = 0

  begin(nowMs: number): void {
    this.#sinceMs ??= nowMs
  }

  passed(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < bytesEnough || this.#sinceMs === undefined) return
    this.#bytes = 0
    this.#sinceMs = performance.now()
  }

  /** Milliseconds; 0 before it has begun. */
  waits(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs
  }
}
