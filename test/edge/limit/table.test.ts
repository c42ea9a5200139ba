import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSipHash } from '../../../edge/limit/siphash.ts'
import { openTable } from '../../../edge/limit/table.ts'
import { createReference } from './reference.ts'

/** The table of the generic cell rate algorithm: exact, whoever shares it, however full or old it is. */
const tableOf = (entries: number) => openTable(new Int32Array(2 * entries))

test('the hash is HalfSipHash-2-4 with 64 bits out, as its authors published it', () => {
  const hash = createSipHash(0x03020100, 0x07060504)
  const of = (length: number) => {
    hash.of(String.fromCharCode(...Array.from({ length }, (_, i) => i)))
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(hash.low, 0)
    bytes.writeInt32LE(hash.high, 4)
    return bytes.toString('hex')
  }
  expect([0, 1, 2, 3, 7, 8, 15, 63].map(of)).toEqual([
    '218d1f59b9b83cc8',
    'be552412f8387315',
    '064f39ef7c50eb57',
    'ce0f1a45f7060679',
    'ff202728b07bc684',
    'edfee820bce4858c',
    '217d0bcb4e81c902',
    '2ea63c71bf326087',
  ])
})

test('it decides as the algorithm does, for anybody, at any time, also beyond the wrap of its clock', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000_000 }), // step
      fc.integer({ min: 1, max: 200 }), // burst
      fc.bigInt({ min: 0n, max: 2n ** 40n }), // when it begins
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3_000_000 })), { maxLength: 300 }),
      (step, burst, begin, asked) => {
        const tolerance = Math.min(step * (burst - 1), 900_000_000)
        const table = tableOf(64)
        table.sweep(Number(begin), 64)
        const reference = createReference(BigInt(step), BigInt(tolerance))
        let now = begin
        for (const [who, later] of asked) {
          now += BigInt(later)
          const took = table.take(who * 77, who * 1234567 + 5, Number(now), step, tolerance)
          expect(took).toBe(Number(reference.take(String(who), now)))
        }
      },
    ),
    { numRuns: 200 },
  )
})

test("a place whose time has passed is the next one's, and nobody still waiting loses theirs for it", () => {
  const table = tableOf(64)
  for (let round = 0; round < 1000; round++)
    for (let who = 1; who <= 16; who++) expect(table.take(0, round * 100 + who, round * 10, 5, 0)).toBe(5)
  expect(table.evictions).toBe(0)
})

test('when every place is taken, who would be idle first goes, and who waits longest stays refused', () => {
  const table = tableOf(64)
  const offender = { low: 0, high: 999 }
  for (let i = 0; i < 50; i++) table.take(offender.low, offender.high, 0, 1000, 49_000)
  for (let who = 1; who <= 500; who++) table.take(who % 2, 10_000 + who, who, 10_000, 50_000)
  expect(table.evictions).toBeGreaterThan(400)
  expect(table.take(offender.low, offender.high, 500, 1000, 49_000)).toBeLessThan(0)
})

test('a place that nobody asked for during half a turn of the clock does not look as if its time were still to come', () => {
  const table = tableOf(64)
  table.take(3, 7, 0, 1000, 0)
  for (let now = 0; now < 2 ** 31 + 5000; now += 2 ** 28) table.sweep(now, 64)
  const later = 2 ** 31 + 4000
  table.sweep(later, 64)
  expect(table.take(3, 7, later, 1000, 0)).toBe(1000)
  expect(table.take(40, 41, later, 1000, 0)).toBe(1000) // where nobody ever was
})

test('what others counted raises an arrival, and never lowers it', () => {
  const table = tableOf(64)
  table.raise(1, 2, 100, 5000)
  expect(table.take(1, 2, 100, 10, 0)).toBe(100 - 5000)
  table.raise(1, 2, 100, 300)
  expect(table.take(1, 2, 100, 10, 0)).toBe(100 - 5000)
})

/** Four threads that take all they can get of the same askers. Answers how often each asker was let in. */
async function hammer(entries: number, of: { askers: number; burst: number; tries: number }): Promise<number[]> {
  const shared = new SharedArrayBuffer(entries * 8)
  const admitted = await Promise.all(
    Array.from(
      { length: threads },
      (_, i) =>
        new Promise<number[]>((resolve, reject) => {
          const worker = new Worker(new URL('./hammer.ts', import.meta.url), {
            workerData: { shared, mark: i + 1, ...of },
          })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  return Array.from({ length: of.askers }, (_, who) => admitted.reduce((total, each) => total + each[who]!, 0))
}
const threads = 4

test('four threads that ask for the same let in what one would', { timeout: 60_000 }, async () => {
  for (const sum of await hammer(64, { askers: 12, burst: 1000, tries: 40_000 })) {
    expect(sum).toBeLessThanOrEqual(1000)
    expect(sum).toBeGreaterThanOrEqual(1000 - threads) // one counted twice where two meet, never one too few
  }
})

test('four threads that meet thousands of strangers at the same time give each one place', {
  timeout: 60_000,
}, async () => {
  const sums = await hammer(32_768, { askers: 4000, burst: 1, tries: 16_000 })
  expect(Math.max(...sums)).toBe(1)
  expect(sums.filter((sum) => sum === 0).length).toBeLessThan(40)
})
