import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createGenerator, createHealth, hmacDrbg, record, replay, shuffle } from '#rng'

const hex = (text: string) => Buffer.from(text, 'hex')
const kernel = async (bytes: number) => randomBytes(bytes)

describe('HMAC_DRBG', () => {
  test('gives the output NIST publishes for SHA-256 without prediction resistance', () => {
    const drbg = hmacDrbg(
      hex('ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488'),
      hex('659ba96c601dc69fc902940805ec0ca8'),
      Buffer.alloc(0),
    )
    drbg.generate(128)
    expect(drbg.generate(128).toString('hex')).toBe(
      'e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba' +
        '6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668961df86803482cb37ed6d5c0bb8d50cf' +
        '1f50d476aa0458bdaba806f48be9dcb8',
    )
  })

  test('a reseed changes what follows, and the request limit holds', () => {
    const twin = () => hmacDrbg(Buffer.alloc(32, 1), Buffer.alloc(16, 2), Buffer.alloc(0))
    const [one, two] = [twin(), twin()]
    expect(one.generate(64)).toEqual(two.generate(64))
    one.reseed(Buffer.alloc(48, 3))
    expect(one.generate(64)).not.toEqual(two.generate(64))
    expect(() => one.generate(65_537)).toThrow(RangeError)
  })
})

describe('scaling', () => {
  test('every value of a range is equally likely [GLI-3.2.3a]', async () => {
    const generator = await createGenerator({ entropy: kernel, personalisation: 'test' })
    const n = 370_000
    const counts = new Array<number>(37).fill(0)
    for (let i = 0; i < n; i++) counts[generator.draw(37)]!++
    const expected = n / 37
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chiSquare).toBeLessThan(94.1) // 36 degrees of freedom; a sound generator exceeds this once in ten million runs
    generator.close()
  })

  test('rejection, not a bare modulo: words beyond the last multiple are drawn again [CR-11]', () => {
    const range = 3 * 2 ** 30 // a bare modulo would favour the first quarter twofold
    return createGenerator({ entropy: kernel, personalisation: 'test' }).then((generator) => {
      let low = 0
      for (let i = 0; i < 40_000; i++) if (generator.draw(range) < 2 ** 30) low++
      expect(low / 40_000).toBeGreaterThan(0.31)
      expect(low / 40_000).toBeLessThan(0.36)
      generator.close()
    })
  })

  test('a shuffle reaches every order equally often', async () => {
    const generator = await createGenerator({ entropy: kernel, personalisation: 'test' })
    const counts = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const order = shuffle(['a', 'b', 'c', 'd'], record(generator).draws, 'order').join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(72) // 23 degrees of freedom, once in a million
    generator.close()
  })
})

describe('health', () => {
  test('a source that repeats itself stops play [GLI-3.3.3-2]', async () => {
    let broken = false
    const entropy = async (bytes: number) => (broken ? Buffer.alloc(bytes, 7) : randomBytes(bytes))
    const generator = await createGenerator({ entropy, personalisation: 'test' })
    expect(generator.draw(37)).toBeLessThan(37)
    broken = true
    await expect(generator.reseed()).rejects.toMatchObject({ code: 'rng.unhealthy' })
    expect(() => generator.draw(37)).toThrow(expect.objectContaining({ code: 'rng.unhealthy' }))
    expect(generator.sound).toBe(false)
    generator.close()
  })

  test('a source that favours one value fails, a sound one does not', () => {
    const biased = createHealth()
    expect(biased.admit(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i % 8 === 0 ? 65 : i % 251))))).toBe(false)
    expect(createHealth().admit(randomBytes(64 * 1024))).toBe(true)
  })

  test('two instances never give the same stream, even from the same seed [GLI-3.3.2b-2]', async () => {
    const same = async (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 89 + 17) % 251))
    const [one, two] = await Promise.all(
      ['core-1', 'core-2'].map((personalisation) => createGenerator({ entropy: same, personalisation })),
    )
    const stream = (generator: { draw(range: number): number }) =>
      Array.from({ length: 8 }, () => generator.draw(2 ** 32))
    expect(stream(one!)).not.toEqual(stream(two!))
    one!.close()
    two!.close()
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
