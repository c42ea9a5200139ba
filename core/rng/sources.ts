import { createHealth } from './health.ts'

/** Gives so many bytes as it is asked for, claimed to hold full entropy. */
type Entropy = (bytes: number) => Promise<Buffer>

/** Where seeds come from, by name: the token and the kernel. */
export type Sources = Readonly<Record<string, Entropy>>

const startSampleBytes = 1024 // SP 800-90B, 4.3: a source is tested before it is first used

/**
 * Sources joined (XOR), as random as the best of them. Each is tested by itself: in what they make together one that fails would not
 * show [GLI-3.3.3-1].
 */
export async function openSources(sources: Sources) {
  const tested = Object.entries(sources).map(([name, give]) => ({ name, give, health: createHealth() }))
  const opened = {
    /** Undefined when one of them gives too little or has failed its tests. */
    async take(length: number): Promise<Buffer | undefined> {
      const seed = Buffer.alloc(length)
      const given = await Promise.all(tested.map(({ give }) => give(length)))
      const admitted = given.map((bytes, place) => tested[place]!.health.admit(bytes) && bytes.length === length)
      if (!admitted.every(Boolean)) return undefined
      for (const bytes of given) for (let i = 0; i < length; i++) seed[i]! ^= bytes[i]!
      return seed
    },
    /** Those that failed, which they stay. */
    get failed(): string[] {
      return tested.filter(({ health }) => !health.sound).map(({ name }) => name)
    },
  }
  await opened.take(startSampleBytes)
  return opened
}
