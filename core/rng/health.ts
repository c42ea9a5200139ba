/**
 * The continuous health tests of NIST SP 800-90B, 4.4, over bytes that are claimed to hold full entropy, with a false alarm
 * in 2^20 at most per test. A source that fails stays failed.
 */
export type Health = {
  /** True when the bytes may be used. */
  admit(sample: Buffer): boolean
  readonly sound: boolean
}

const repetitionCutoff = 4 // 1 + ceil(20 / 8)
const windowBytes = 512
const proportionCutoff = 16 // more than 2^-20 is above this for 512 bytes of 1/256 each

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
