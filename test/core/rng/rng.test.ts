import { randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { choose, createGenerator, createHealth, record, replay, type Stream, shuffle } from '#rng'
import { openKernelRandom } from '../../../core/host/kernel-random.ts'

const kernel = async (bytes: number) => randomBytes(bytes)

const open = (options: Partial<Parameters<typeof createGenerator>[0]> = {}) =>
  createGenerator({ sources: { kernel }, fresh: randomBytes, personalisation: 'test', ...options })
const numbers = (stream: Stream, count = 8) => Array.from({ length: count }, () => stream.draw(2 ** 32))

describe('scaling', () => {
  test('every value of a range is equally likely [GLI-3.2.3a]', async () => {
    const generator = await open()
    const stream = generator.stream(16_384)
    const n = 370_000
    const counts = new Array<number>(37).fill(0)
    for (let i = 0; i < n; i++) counts[stream.draw(37)]!++
    const expected = n / 37
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chiSquare).toBeLessThan(94.1) // 36 degrees of freedom; a sound generator exceeds this once in ten million runs
    generator.close()
  })

  test('rejection, not a bare modulo: words beyond the last multiple are drawn again [CR-11]', async () => {
    const range = 3 * 2 ** 30 // a bare modulo would favour the first quarter twofold
    const generator = await open()
    const stream = generator.stream()
    let low = 0
    for (let i = 0; i < 40_000; i++) if (stream.draw(range) < 2 ** 30) low++
    expect(low / 40_000).toBeGreaterThan(0.31)
    expect(low / 40_000).toBeLessThan(0.36)
    generator.close()
  })

  test('is of whole ranges from 1 to 2^32', async () => {
    const generator = await open()
    const stream = generator.stream()
    expect(stream.draw(1)).toBe(0)
    expect(stream.draw(2 ** 32)).toBeLessThan(2 ** 32)
    for (const range of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => stream.draw(range)).toThrow(RangeError)
    generator.close()
  })

  test('a shuffle reaches every order equally often [GLI-3.2.3a]', async () => {
    const generator = await open()
    const stream = generator.stream(16_384)
    const counts = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const order = shuffle(['a', 'b', 'c', 'd'], record(stream).draws, 'order').join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(72) // 23 degrees of freedom, once in a million
    generator.close()
  })

  test('one of several is chosen by exactly its weight: each number of the sum leads to one place', () => {
    const weights = [3, 0, 1, 4]
    const places = [0, 1, 2, 3, 4, 5, 6, 7].map((value) =>
      choose(weights, replay([['prize', 8, value]]).draws, 'prize'),
    )
    expect(places).toEqual([0, 0, 0, 2, 3, 3, 3, 3])
    const none = record({ draw: () => 0 }).draws
    expect(() => choose([1, 0.5], none, 'prize')).toThrow(RangeError)
    expect(() => choose([1, -1], none, 'prize')).toThrow(RangeError)
  })
})

describe('the generator', () => {
  test('of two sources one that repeats itself stops play, for streams that are open as well [GLI-3.3.3-1] [GLI-3.3.3-2] [CR-12]', async () => {
    let broken = false
    const generator = await open({
      sources: { kernel, token: async (bytes) => (broken ? Buffer.alloc(bytes, 7) : randomBytes(bytes)) },
    })
    const stream = generator.stream()
    expect(stream.draw(37)).toBeLessThan(37)
    broken = true
    await expect(generator.reseed()).rejects.toMatchObject({ code: 'rng.unhealthy' })
    expect(() => generator.stream()).toThrow(expect.objectContaining({ code: 'rng.unhealthy' }))
    expect(() => numbers(stream, 65)).toThrow(expect.objectContaining({ code: 'rng.unhealthy' })) // more than is buffered
    expect([generator.sound, generator.failed]).toEqual([false, ['token']])
    broken = false
    await expect(generator.reseed(), 'what failed once is not trusted again').rejects.toMatchObject({
      code: 'rng.unhealthy',
    })
    generator.close()
  })

  test('a source that favours one value fails, a sound one does not [GLI-3.3.3-1]', () => {
    const biased = createHealth()
    expect(biased.admit(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i % 8 === 0 ? 65 : i % 251))))).toBe(false)
    for (const [count, sound] of [
      [18, true],
      [19, false],
    ] as const) {
      // 1 + critbinom(512, 1 / 256, 1 - 2^-40) of SP 800-90B, 4.4.2, apart from one another.
      const window = Buffer.from(
        Array.from({ length: 512 }, (_, i) => (i % 2 === 0 && i < 2 * count ? 0 : 1 + (i % 255))),
      )
      expect(createHealth().admit(window), `${count} of 512`).toBe(sound)
      const run = createHealth().admit(
        Buffer.from([...Array.from({ length: 4 }, (_, i) => i), ...(sound ? [9, 9, 9, 9, 9] : [9, 9, 9, 9, 9, 9])]),
      )
      expect(run, 'five in a row, and six').toBe(sound)
    }
    expect(createHealth().admit(randomBytes(64 * 1024))).toBe(true)
  })

  const same = async (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 89 + 17) % 251))
  const still = (bytes: number) => Buffer.alloc(bytes)

  test('two instances never give the same stream, even from the same seed [GLI-3.3.2b-2]', async () => {
    const [one, two] = await Promise.all(
      ['core-1', 'core-2'].map((personalisation) => open({ sources: { same }, fresh: still, personalisation })),
    )
    expect(numbers(one!.stream())).not.toEqual(numbers(two!.stream()))
    one!.close()
    two!.close()
  })

  test('two copies of a machine, with the same state to the last byte, go apart with their next round [GLI-3.3.2b-2]', async () => {
    const copies = (fresh: (bytes: number) => Uint8Array) =>
      Promise.all([0, 1].map(() => open({ sources: { same }, fresh })))
    const [one, two] = await copies(still) // what the kernel gives left out of it: they are the same indeed
    expect(numbers(one!.stream())).toEqual(numbers(two!.stream()))
    const [first, second] = await copies(openKernelRandom())
    expect(numbers(first!.stream())).not.toEqual(numbers(second!.stream()))
    for (const each of [one, two, first, second]) each!.close()
  })

  test('no two rounds have a number in common that was made once [GLI-3.2.4]', async () => {
    const generator = await open({ fresh: still }) // of the generator's own alone
    const seen = new Set<number>()
    for (let round = 0; round < 1000; round++) for (const word of numbers(generator.stream(), 40)) seen.add(word)
    expect(seen.size).toBeGreaterThan(39_980) // of 40,000 words of 32 bits less than one pair is the same by chance
    generator.close()
  })

  test('the clock has no part in a seed: at one instant two go apart, and one source gives the same an hour later [GLI-3.3.2b-1]', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(Date.now())
    vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    const [one, two] = await Promise.all([0, 1].map(() => open({ fresh: still })))
    expect(numbers(one!.stream())).not.toEqual(numbers(two!.stream()))
    const now = await open({ sources: { same }, fresh: still })
    const numbersNow = numbers(now.stream())
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
    const later = await open({ sources: { same }, fresh: still })
    expect(numbers(later.stream())).toEqual(numbersNow)
    vi.restoreAllMocks()
    for (const each of [one, two, now, later]) each!.close()
  })

  test('every bit of a seed counts, and there are more seeds than orders of a deck of cards [GLI-3.2.5]', async () => {
    const asked: number[] = []
    const flipped = (bit: number) => async (bytes: number) => {
      const seed = await same(bytes)
      if (bytes === asked[1]) seed[bit >> 3]! ^= 1 << (bit & 7)
      return seed
    }
    const noting = async (bytes: number) => {
      asked.push(bytes)
      return same(bytes)
    }
    const plain = await open({ sources: { noting }, fresh: still })
    const bits = 8 * asked[1]! // the first is a sample, to be tested
    const ordersInBits = Array.from({ length: 52 }, (_, i) => Math.log2(i + 1)).reduce((sum, each) => sum + each)
    expect(bits).toBeGreaterThan(ordersInBits)
    const streams = new Set([numbers(plain.stream()).join()])
    for (let bit = 0; bit < bits; bit++) {
      const other = await open({ sources: { flipped: flipped(bit) }, fresh: still })
      streams.add(numbers(other.stream()).join())
      other.close()
    }
    expect(streams.size).toBe(bits + 1)
    plain.close()
  })

  test('a number counts as it comes or, by its own value alone, not at all: none before it has a part in that [GLI-3.2.4a]', async () => {
    const [raw, scaled] = await Promise.all([0, 1].map(() => open({ sources: { same }, fresh: still })))
    const words = raw!.stream(16_384).words(16_384)
    const stream = scaled!.stream(16_384)
    const ranges = [37, 2, 3 * 2 ** 30, 52]
    let next = 0
    for (let draw = 0; next < 16_000; draw++) {
      const range = ranges[draw % ranges.length]!
      while (words[next]! >= 2 ** 32 - (2 ** 32 % range)) next++
      expect(stream.draw(range), `draw ${draw}`).toBe(words[next++]! % range)
    }
    raw!.close()
    scaled!.close()
  })

  test('gives laboratories what it makes as it comes, of its own alone where it is asked to', async () => {
    const generator = await createGenerator({ sources: { same }, personalisation: 'test' })
    const again = await createGenerator({ sources: { same }, personalisation: 'test' })
    const words = generator.stream(16_384).words(50_000)
    expect(createHealth().admit(Buffer.from(words.buffer))).toBe(true)
    expect(again.stream(16_384).words(50_000)).toEqual(words)
    again.close()
    generator.close()
  })
})

describe('the record', () => {
  test('is replayed in order, and a request it does not hold is an error', () => {
    const { draws, taken } = record({ draw: (range) => range - 1 })
    expect([draws(37, 'wheel'), draws(6, 'die')]).toEqual([36, 5])
    const again = replay(taken)
    expect([again.draws(37, 'wheel'), again.finished(), again.draws(6, 'die'), again.finished()]).toEqual([
      36,
      false,
      5,
      true,
    ])
    expect(() => replay(taken).draws(38, 'wheel')).toThrow('no draw of wheel out of 38')
    expect(() => replay([['wheel', 37, 37]]).draws(37, 'wheel')).toThrow('cannot have been')
  })
})
