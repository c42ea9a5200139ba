/**
 * The continuous health tests of NIST SP 800-90B, 4.4, over bytes that are claimed to hold full entropy. A source that fails stays failed
 * and closes play, so of false alarms the fewest that the standard allows: one in 2^40 per test. At one in 2^20 a sound source of a core that is
 * reseeded each minute would be found to fail every year.
 */
export type Health = {
  /** True when the bytes may be used. */
  admit(sample: Buffer): boolean
  readonly sound: boolean
}

const repetitionCutoff = 6 // 1 + ceil(40 / 8)
const windowBytes = 512
const proportionCutoff = 19 // 1 + critbinom(512, 1 / 256, 1 - 2^-40)

export function createHealth(): Health {
  let sound = true
  let last = -1
  let run = 0
  let reference = -1
  let seen = 0
  let count = 0
  return {
    admit(sample) {
      for (const byte of sample) {
        run = byte === last ? run + 1 : 1
        last = byte
        if (seen === 0) {
          reference = byte
          count = 0
        }
        if (byte === reference) count++
        seen = (seen + 1) % windowBytes
        if (run >= repetitionCutoff || count >= proportionCutoff) sound = false
      }
      return sound
    },
    get sound() {
      return sound
    },
  }
}
