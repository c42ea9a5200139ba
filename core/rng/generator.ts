import { Refusal } from '#base'
import { ctrDrbg } from './ctr-drbg.ts'
import { openSources, type Sources } from './sources.ts'
import { asWords, createStream, type Stream, wordBytes } from './stream.ts'

export type { Stream }

export type Generator = {
  /**
   * Draws for one round, or for one task. Every byte is one of this generator's joined with one that the kernel gives at that moment
   * (the XOR construction RBG3(XS) of SP 800-90C): two copies of a machine, restored from one snapshot, go apart with their next round.
   * `wordsAtOnce` is how many numbers of 32 bits are made at once, 16,384 at most. @throws Refusal `rng.unhealthy` when play is closed
   */
  stream(wordsAtOnce?: number): Stream
  /** Takes fresh entropy now: what is drawn from streams that begin afterwards no earlier state predicts. */
  reseed(): Promise<void>
  /** False while draws are refused: a source has failed its tests, or no seed came for too long. */
  readonly sound: boolean
  /** The sources that failed their tests; what they are for stays closed until the process is started anew. */
  readonly failed: readonly string[]
  close(): void
}

const seedBytes = 48 // 384 bits, what CTR_DRBG with AES-256 takes
const nonceBytes = 16
const poolBytes = 16_384
const roundWords = 32 // of a table game's round more than is needed, of a slot's with free spins less
const reseedAfterRequests = 10_000
const reseedEveryMs = 60_000
/** Beyond these a generator that could not be reseeded is refused: far below the 2^48 requests of the standard. */
const requestsPerSeedMax = 1_000_000
const seedAgeMaxMs = 600_000
const clocksApartMs = 1000

/**
 * The generator of outcomes: CTR_DRBG with AES-256, its own instance per process, seeded from token and kernel and never from
 * time, reseeded by age, by count and on doubt [GLI-3.3.2c]. When one of the sources fails its health tests, draws are
 * refused and play stops [GLI-3.3.3-2], though the others are sound.
 * @param fresh bytes of the kernel's, unbuffered: whatever a process holds a snapshot of it holds as well. Without it the generator stands
 * alone, as laboratories measure it
 */
export async function createGenerator(options: {
  sources: Sources
  personalisation: string
  fresh?: (bytes: number) => Uint8Array
}): Promise<Generator> {
  const sources = await openSources(options.sources)
  const drbg = ctrDrbg({
    entropy: await seed(seedBytes),
    nonce: await seed(nonceBytes),
    personalisation: Buffer.from(options.personalisation),
  })
  const clocks = watchClocks()
  let pool: Uint32Array = new Uint32Array(0)
  let taken = 0
  let seededAtMs = performance.now()
  let reseeding: Promise<void> | undefined
  const timer = setInterval(() => void reseed().catch(() => {}), reseedEveryMs)
  timer.unref()

  return {
    stream(wordsAtOnce = roundWords) {
      if (drbg.requests >= reseedAfterRequests || clocks.jumped()) void reseed().catch(() => {})
      return createStream(() => take(wordsAtOnce))
    },
    reseed,
    get sound() {
      return isSound()
    },
    get failed() {
      return sources.failed
    },
    close: () => clearInterval(timer),
  }

  function take(count: number): Uint32Array {
    if (!isSound()) throw unhealthy()
    if (taken + count > pool.length) {
      pool = asWords(drbg.generate(Math.max(poolBytes, count * wordBytes)))
      taken = 0
    }
    const words = pool.slice(taken, taken + count)
    pool.fill(0, taken, taken + count) // what was used cannot be read again
    taken += count
    if (!options.fresh) return words
    const fresh = asWords(options.fresh(count * wordBytes))
    for (let i = 0; i < count; i++) words[i]! ^= fresh[i]!
    return words
  }

  function isSound(): boolean {
    const tooOld = drbg.requests >= requestsPerSeedMax || performance.now() - seededAtMs > seedAgeMaxMs
    return !tooOld && sources.failed.length === 0
  }

  function reseed(): Promise<void> {
    reseeding ??= seed(seedBytes)
      .then((entropy) => {
        drbg.reseed(entropy)
        taken = pool.length // what is in it the state of before has made
        seededAtMs = performance.now()
      })
      .finally(() => {
        reseeding = undefined
      })
    return reseeding
  }

  async function seed(length: number): Promise<Buffer> {
    const bytes = await sources.take(length)
    if (!bytes) throw unhealthy()
    return bytes
  }
}

/** A machine that was halted and went on, elsewhere perhaps, has its clocks further apart or closer than they were. */
function watchClocks(): { jumped(): boolean } {
  const apart = () => Date.now() - performance.now()
  let before = apart()
  return {
    jumped() {
      const now = apart()
      const jumped = Math.abs(now - before) > clocksApartMs
      if (jumped) before = now
      return jumped
    },
  }
}

function unhealthy(): Refusal {
  return new Refusal('unavailable', 'rng.unhealthy', 'Play is closed: the random number generator must be looked at.')
}
