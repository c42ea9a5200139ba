import { Refusal } from '#base'
import { createHealth } from './health.ts'
import { hmacDrbg } from './hmac-drbg.ts'

/** Where entropy comes from: the host joins the token's generator with the kernel's. */
export type Entropy = (bytes: number) => Promise<Buffer>

export type Generator = {
  /** A number from 0 to range - 1, each equally likely. Range at most 2^32. */
  draw(range: number): number
  /** Takes fresh entropy now. */
  reseed(): Promise<void>
  readonly sound: boolean
  close(): void
}

const seedBytes = 48 // 256 bits of strength and a nonce of half
const bufferBytes = 4096
const requestsPerSeedMax = 10_000
const reseedEveryMs = 60_000
const startSampleBytes = 1024 // SP 800-90B: a source is tested before it is first used

/**
 * The generator of outcomes: HMAC_DRBG, its own instance per process, seeded from token and kernel, reseeded by time and
 * count [GLI-3.3.2c]. When the entropy source fails its health tests, draws are refused and play stops [GLI-3.3.3-2].
 */
export async function createGenerator(options: { entropy: Entropy; personalisation: string }): Promise<Generator> {
  const health = createHealth()
  const start = await options.entropy(startSampleBytes)
  health.admit(start)
  const drbg = hmacDrbg(await fresh(), await fresh(), Buffer.from(options.personalisation))
  let buffer: Buffer = Buffer.alloc(0)
  let position = 0
  let reseeding: Promise<void> | undefined
  const timer = setInterval(() => void reseed().catch(() => {}), reseedEveryMs)
  timer.unref()

  return {
    draw(range) {
      if (!Number.isInteger(range) || range < 1 || range > 2 ** 32) throw new RangeError(`no range: ${range}`)
      // Rejection: what lies beyond the last full multiple of the range is drawn again, so no value is favoured [CR-11].
      const limit = 2 ** 32 - (2 ** 32 % range)
      for (;;) {
        const value = nextWord()
        if (value < limit) return value % range
      }
    },
    reseed,
    get sound() {
      return health.sound
    },
    close: () => clearInterval(timer),
  }

  function nextWord(): number {
    if (!health.sound) throw unhealthy()
    if (position + 4 > buffer.length) {
      if (drbg.requests >= requestsPerSeedMax / 2) void reseed().catch(() => {})
      if (drbg.requests >= requestsPerSeedMax) throw unhealthy()
      buffer.fill(0)
      buffer = drbg.generate(bufferBytes)
      position = 0
    }
    const word = buffer.readUInt32BE(position)
    buffer.fill(0, position, position + 4) // a used word cannot be read again
    position += 4
    return word
  }

  function reseed(): Promise<void> {
    reseeding ??= fresh()
      .then((bytes) => drbg.reseed(bytes))
      .finally(() => {
        reseeding = undefined
      })
    return reseeding
  }

  async function fresh(): Promise<Buffer> {
    const bytes = await options.entropy(seedBytes)
    if (bytes.length !== seedBytes || !health.admit(bytes)) throw unhealthy()
    return bytes
  }
}

function unhealthy(): Refusal {
  return new Refusal('unavailable', 'rng.unhealthy', 'Play is closed: the random number generator must be looked at.')
}
