import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createGenerator, ctrDrbg, type Generator, hmacDrbg, type Stream } from '#rng'
import { openKernelEvents } from '../../../core/host/kernel-events.ts'

const seconds = 1000
const minute = 60 * seconds
const poolWords = 4096 // one request of the mechanism
const refused = (code: string) => expect.objectContaining({ code })
const numbers = (stream: Stream) => Array.from({ length: 8 }, () => stream.draw(2 ** 32))

/** A source whose answers are let go one by one, or at once; each answer is counted and no two are alike unless `alike`. */
function source({ alike = false } = {}) {
  const waiting: Array<() => void> = []
  const letGo = () => {
    for (const go of waiting.splice(0)) go()
  }
  const given = { asked: 0, held: false, away: false, waiting, letGo }
  const give = async (bytes: number) => {
    given.asked++
    if (given.away) throw new Error('the key agent does not answer')
    if (given.held) await new Promise<void>((go) => waiting.push(go))
    return alike ? Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 89 + 17) % 251)) : randomBytes(bytes)
  }
  return { given, give }
}

const opened: Generator[] = []
async function open(
  give: (bytes: number) => Promise<Buffer>,
  more: Partial<Parameters<typeof createGenerator>[0]> = {},
) {
  const generator = await createGenerator({ sources: { give }, personalisation: 'test', ...more })
  opened.push(generator)
  return generator
}
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  for (const generator of opened.splice(0)) generator.close()
})
/** The wall clock goes on from elsewhere, as on a machine that was halted and is told the time again. */
function halted(): void {
  const real = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => real() + 3600 * seconds)
}

describe('a doubt', () => {
  const doubts: Record<string, (word: { now: string }) => void> = {
    'clocks that went apart': halted,
    'a kernel that was told its machine is a copy': (word) => {
      word.now = '2'
    },
  }
  for (const [name, arise] of Object.entries(doubts))
    test(`${name}: nothing is drawn from what was made before, and nothing at all before the next seed [GLI-3.3.2b-2] [GLI-3.3.2c]`, async () => {
      const word = { now: '1' }
      const { given, give } = source({ alike: true })
      const [generator, twin] = await Promise.all([open(give, { copied: () => word.now }), open(give)])
      expect(numbers(generator.stream())).toEqual(numbers(twin.stream()))
      const begun = generator.stream()
      numbers(twin.stream())
      const old = new Set(Array.from({ length: 300 }, () => [...twin.stream().words(32)]).flat())
      const before = given.asked
      given.held = true
      arise(word)
      expect(() => generator.stream()).toThrow(refused('rng.reseeding'))
      expect(() => begun.words(64), 'a round under way, beyond the numbers it has').toThrow(refused('rng.reseeding'))
      expect([given.asked, generator.sound]).toEqual([before + 1, true])
      let ready = false
      const waiting = generator.ready().then(() => {
        ready = true
      })
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(ready).toBe(false)
      given.letGo()
      await waiting
      const fresh = [...generator.stream(64).words(64)]
      expect(fresh.filter((word) => old.has(word)).length, 'as the state of before would have given').toBeLessThan(2)
    })

  test('a seed that was under way when it arose does not end it: a copy may have that one, too', async () => {
    const word = { now: '1' }
    const { given, give } = source()
    const generator = await open(give, { copied: () => word.now })
    given.held = true
    const underWay = generator.reseed()
    word.now = '2'
    expect(() => generator.stream()).toThrow(refused('rng.reseeding'))
    given.letGo()
    await underWay
    expect(() => generator.stream()).toThrow(refused('rng.reseeding'))
    await vi.waitFor(() => expect(given.waiting).toHaveLength(1))
    given.letGo()
    await generator.ready()
    expect(numbers(generator.stream())).toHaveLength(8)
  })

  test('while no seed can be had play is closed; it goes on by itself with the next one', async () => {
    const { given, give } = source()
    const generator = await open(give)
    given.away = true
    halted()
    await generator.ready()
    expect(() => generator.stream()).toThrow(refused('rng.unhealthy'))
    expect([generator.sound, generator.failed]).toEqual([false, []])
    given.away = false
    await vi.waitFor(() => expect(generator.sound).toBe(true), { timeout: 20 * seconds, interval: 50 })
    expect(numbers(generator.stream())).toHaveLength(8)
  })

  test('is none where nothing happened: the kernel gives one word while its devices stay as they are', async () => {
    const { given, give } = source()
    const generator = await open(give, { copied: () => 'the same' })
    const before = given.asked
    for (let round = 0; round < 1000; round++) generator.stream()
    await generator.ready()
    expect(given.asked).toBe(before)
    const word = openKernelEvents()()
    expect(word).toMatch(/^(\d+\n)?$/)
  })
})

describe('the schedule [GLI-3.3.2c]', () => {
  test('a new seed comes with every minute, though nobody draws', async () => {
    vi.useFakeTimers()
    const { given, give } = source()
    await open(give)
    const before = given.asked
    await vi.advanceTimersByTimeAsync(59 * seconds)
    expect(given.asked).toBe(before)
    await vi.advanceTimersByTimeAsync(seconds)
    expect(given.asked).toBe(before + 1)
    await vi.advanceTimersByTimeAsync(9 * minute)
    expect(given.asked).toBe(before + 10)
  })

  test('10,000 requests of the mechanism ask for one, once, and the count begins anew with it', async () => {
    const { given, give } = source()
    const generator = await open(give)
    const before = given.asked
    const request = (count: number) => {
      for (let n = 0; n < count; n++) generator.stream(poolWords)
    }
    request(10_000)
    expect(given.asked).toBe(before)
    given.held = true
    request(3)
    expect(given.asked).toBe(before + 1)
    given.letGo()
    given.held = false
    await vi.waitFor(() => expect(given.asked).toBe(before + 1))
    await new Promise((resolve) => setTimeout(resolve, 20))
    request(100)
    expect(given.asked).toBe(before + 1)
  })

  test('no seed for 1,000,000 requests closes play, and the next one opens it', async () => {
    const { given, give } = source()
    // The mechanism itself, with most of them behind it.
    const generator = await open(give, {
      mechanism(seed) {
        const real = ctrDrbg(seed)
        let behind = 999_990
        return {
          generate: real.generate,
          reseed(entropy) {
            behind = 0
            real.reseed(entropy)
          },
          get requests() {
            return behind + real.requests
          },
        }
      },
    })
    given.held = true
    for (let n = 0; n < 10; n++) generator.stream(poolWords)
    expect(generator.sound).toBe(false)
    expect(() => generator.stream(poolWords)).toThrow(refused('rng.unhealthy'))
    given.letGo()
    await vi.waitFor(() => expect(generator.sound).toBe(true))
    expect(numbers(generator.stream())).toHaveLength(8)
  })

  test('no seed for ten minutes closes play before a state is old', async () => {
    vi.useFakeTimers()
    const { given, give } = source()
    const generator = await open(give)
    given.held = true
    await vi.advanceTimersByTimeAsync(10 * minute)
    expect(numbers(generator.stream())).toHaveLength(8)
    await vi.advanceTimersByTimeAsync(1)
    expect(() => generator.stream()).toThrow(refused('rng.unhealthy'))
    expect([generator.sound, generator.failed]).toEqual([false, []])
    given.letGo()
    await vi.advanceTimersByTimeAsync(1)
    expect(generator.sound).toBe(true)
  })
})

describe('prediction resistance on demand [GLI-3.3.2c]', () => {
  test('what comes after it no earlier state predicts, nor a seed that was under way', async () => {
    const [one, two] = [source({ alike: true }), source({ alike: true })]
    const copies = [await open(one.give), await open(two.give)] as const
    expect(numbers(copies[0].stream())).toEqual(numbers(copies[1].stream()))
    one.given.held = true
    const underWay = copies[0].reseed()
    const asked = one.given.asked
    const demanded = copies[0].reseed()
    one.given.letGo()
    await underWay
    await vi.waitFor(() => expect(one.given.asked).toBe(asked + 1))
    one.given.letGo()
    await demanded
    expect(numbers(copies[0].stream())).not.toEqual(numbers(copies[1].stream()))
  })

  test('is refused where no entropy is to be had', async () => {
    const { given, give } = source()
    const generator = await open(give)
    given.away = true
    await expect(generator.reseed()).rejects.toThrow('does not answer')
  })
})

test('the second mechanism of the standard plays as well', async () => {
  const { give } = source({ alike: true })
  const [one, two] = await Promise.all([open(give, { mechanism: hmacDrbg }), open(give)])
  expect(numbers(one.stream())).not.toEqual(numbers(two.stream()))
})
