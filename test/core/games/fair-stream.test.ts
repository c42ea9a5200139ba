import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commitmentOf, fairStream } from '../../../core/games/fairness/stream.ts'
import * as browser from '../../../core/host/web/browser/fair-stream.ts'

const serverSeed = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

test('draws are words of HMAC-SHA-256 over client seed, nonce and block, rejected where they would be unfair', () => {
  const block = (nonce: bigint, i: number) => createHmac('sha256', serverSeed).update(`my words:${nonce}:${i}`).digest()
  const stream = fairStream({ serverSeed, clientSeed: 'my words', nonce: 7n })
  const all = [block(7n, 0), block(7n, 1)].flatMap((each) =>
    Array.from({ length: 8 }, (_, i) => each.readUInt32BE(i * 4)),
  )
  expect(Array.from({ length: 16 }, () => stream.draw(2 ** 32))).toEqual(all)
  const told = fairStream({ serverSeed, clientSeed: 'my words', nonce: 7n }) // as core/games/fairness/algorithm.md tells them
  expect([37, 37, 52, 25, 10_000, 3_603_600_000].map((range) => told.draw(range))).toEqual([
    25, 1, 26, 0, 9844, 1_423_626_325,
  ])
  const range = 3_603_600_000
  const fair = fairStream({ serverSeed, clientSeed: 'my words', nonce: 7n })
  expect(fair.draw(range)).toBe(all.find((word) => word < range))
})

test('every value is equally likely: chi-square over 200,000 draws of 37 [GLI-3.2.3a]', () => {
  const counts = new Array<number>(37).fill(0)
  for (let nonce = 0; nonce < 20_000; nonce++) {
    const stream = fairStream({ serverSeed, clientSeed: 'chi', nonce: BigInt(nonce) })
    for (let i = 0; i < 10; i++) counts[stream.draw(37)]!++
  }
  const expected = 200_000 / 37
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  expect(chiSquare).toBeLessThan(67.99) // 36 degrees of freedom, p = 0.001
})

test('the browser makes the same draws from the same seeds, and the same commitment', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.string({ maxLength: 40, unit: 'grapheme' }),
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
      fc.array(fc.integer({ min: 1, max: 2 ** 32 }), { maxLength: 30 }),
      async (bytes, clientSeed, nonce, ranges) => {
        const seed = Buffer.from(bytes)
        const stream = fairStream({ serverSeed: seed, clientSeed, nonce })
        const there = await browser.fairDraws(
          { serverSeed: seed.toString('hex'), clientSeed, nonce: String(nonce) },
          ranges,
        )
        expect(there).toEqual(ranges.map((range) => stream.draw(range)))
        expect(await browser.commitmentOf(seed.toString('hex'))).toBe(commitmentOf(seed))
      },
    ),
    { numRuns: 60 },
  )
})
