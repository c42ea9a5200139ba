import type { Keys } from '#keys'
import type * as rng from '#rng'
import type { PlayRules } from '../play-rules.ts'

/** What a round needs besides a transaction: numbers, keys, the licence's rules as this process has them, and the age of who asks. */
export type RoundParts = {
  generator: Pick<rng.Generator, 'stream' | 'ready' | 'reseed'>
  /** For the sealed seeds of provably fair rounds. */
  keys: Keys
  rules(): PlayRules
  /** In whole years; asked for only where the licence has a bound that depends on it. */
  ageOf(player: string): Promise<number>
}
