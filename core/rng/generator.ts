import { Refusal } from '#base'
import { ctrDrbg } from './ctr-drbg.ts'
import { watchDoubts } from './doubts.ts'
import type { Drbg, Seed } from './drbg.ts'
import { openSources, type Sources } from './sources.ts'
import { asWords, createStream, type Stream, wordBytes } from './stream.ts'
import { createTurns } from './turns.ts'

export type { Stream }

export type Generator = {
  /**
   * Draws for one round, or for one task. Every byte is one of this generator's joined with one that the kernel gives at that moment
   * (the XOR construction RBG3(XS) of SP 800-90C): two copies of a machine, restored from one snapshot, go apart with their next round.
   * `wordsAtOnce` is how many numbers of 32 bits are made at once, 16,384 at most. @throws Refusal `rng.unhealthy` when play is closed,
   * `rng.reseeding` between a doubt and the seed it asks for; so do the draws of streams that are open
   */
  stream(wordsAtOnce?: number): Stream
  /** Answers once nothing is in doubt, or the seed that a doubt asks for could not be had: at once, but for the milliseconds of a reseed. */
  ready(): Promise<void>
  /**
   * Prediction resistance on demand: takes fresh entropy after this was asked for. What is drawn from streams that begin afterwards no
   * earlier state predicts. @throws Refusal `rng.unhealthy`, or what a source that is away says
   */
  reseed(): Promise<void>
  /** False while draws are refused: a source has failed its tests, or no seed came for too long, or none after a doubt. */
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
const againMs = 1000

/**
 * The generator of outcomes: CTR_DRBG with AES-256, its own instance per process, seeded from token and kernel and never from
 * time, reseeded by age, by count and on doubt, and on doubt before anything else is drawn [GLI-3.3.2c]. When one of the sources fails its
 * health tests, draws are refused and play stops [GLI-3.3.3-2], though the others are sound.
 * @param fresh bytes of the kernel's, unbuffered: whatever a process holds a snapshot of it holds as well. Without it the generator stands
 * alone, as laboratories measure it
 * @param copied changes when the kernel learns that its machine is a copy
 */
export async function createGenerator(options: {
  sources: Sources
  personalisation: string
  fresh?: (bytes: number) => Uint8Array
  copied?: () => string
  mechanism?: (seed: Seed) => Drbg
}): Promise<Generator> {
  const sources = await openSources(options.sources)
  const doubts = watchDoubts(options.copied)
  const { mechanism = ctrDrbg } = options
  const drbg = mechanism({
    entropy: await seed(seedBytes),
    nonce: await seed(nonceBytes),
    personalisation: Buffer.from(options.personalisation),
  })
  let pool: Uint32Array = new Uint32Array(0)
  let taken = 0
  let seededAtMs = performance.now()
  let doubt: { answered: Promise<void>; failed: boolean } | undefined
  let again: NodeJS.Timeout | undefined
  const reseeds = createTurns(async () => {
    drbg.reseed(await seed(seedBytes))
    drop() // what the state of before has made
    seededAtMs = performance.now()
  })
  const timer = setInterval(() => void reseeds.take().catch(() => {}), reseedEveryMs)
  timer.unref()

  return {
    stream(wordsAtOnce = roundWords) {
      return createStream(() => take(wordsAtOnce))
    },
    async ready() {
      for (look(); doubt && !doubt.failed; look()) await doubt.answered
    },
    reseed: reseeds.take,
    get sound() {
      return isSound()
    },
    get failed() {
      return sources.failed
    },
    close() {
      clearInterval(timer)
      clearTimeout(again)
    },
  }

  function take(count: number): Uint32Array {
    look()
    if (!isSound()) throw unhealthy()
    if (doubt) throw reseeding()
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

  /** Before anything is drawn: is there a doubt, or is the seed used up? */
  function look(): void {
    if (doubts.arose()) {
      drop()
      settle()
    } else if (drbg.requests >= reseedAfterRequests && !reseeds.running) void reseeds.take().catch(() => {})
  }

  /** Nothing is drawn from here on until a seed came that was asked for after the doubt; a copy may know all that were under way. */
  function settle(): void {
    clearTimeout(again)
    const mine = { failed: false, answered: Promise.resolve() }
    doubt = mine
    mine.answered = reseeds.take().then(
      () => {
        if (doubt === mine) doubt = undefined
      },
      () => {
        mine.failed = true
        if (doubt === mine) again = setTimeout(settle, againMs).unref()
      },
    )
  }

  function drop(): void {
    pool.fill(0)
    taken = pool.length
  }

  function isSound(): boolean {
    const tooOld = drbg.requests >= requestsPerSeedMax || performance.now() - seededAtMs > seedAgeMaxMs
    return !tooOld && !doubt?.failed && sources.failed.length === 0
  }

  async function seed(length: number): Promise<Buffer> {
    const bytes = await sources.take(length)
    if (!bytes) throw unhealthy()
    return bytes
  }
}

function unhealthy(): Refusal {
  return new Refusal('unavailable', 'rng.unhealthy', 'Play is closed: the random number generator must be looked at.')
}

function reseeding(): Refusal {
  return new Refusal('unavailable', 'rng.reseeding', 'Play waits a moment for the random number generator: try again.')
}
