import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import * as games from '#games'
import { anchorIds, anchorOf, everyNumberIsHeld, percentAsPublished } from './anchors.ts'

/** Published mathematics of instant games that are not on sale, and of a mapping that play does not use: data of tests. */
const lattice = 2n ** 32n
afterAll(everyNumberIsHeld)

const seedPair = anchorOf('seed-pair-scheme')
test(`four bytes taken as a fraction are biased by one in 50 million at most for no more than so many values (${seedPair.title})`, () => {
  /** The first of all 2^32 that comes to this index, or to a later one. */
  const first = (index: number, range: number) => (BigInt(index) * lattice + BigInt(range) - 1n) / BigInt(range)
  const indexOf = (bytes: bigint, range: number) => {
    const [b0, b1, b2, b3] = [24n, 16n, 8n, 0n].map((shift) => Number((bytes >> shift) & 255n)) as [
      number,
      number,
      number,
      number,
    ]
    return Math.floor((b0 / 256 + b1 / 256 ** 2 + b2 / 256 ** 3 + b3 / 256 ** 4) * range)
  }
  let largest = 1
  while (BigInt(largest + 1) * 50_000_000n <= lattice) largest++
  expect(largest).toBe(seedPair.expected.integers.largestUnbiasedRangeAt1In50Million)
  for (let range = 2; range <= largest; range++)
    for (let index = 0; index < range; index++) {
      const from = first(index, range)
      expect([indexOf(from, range), from && indexOf(from - 1n, range)]).toEqual([index, from && index - 1])
      const off = (first(index + 1, range) - from) * BigInt(range) - lattice // from its fair share, in 2^-32 of it
      expect(off <= BigInt(range) && -off <= BigInt(range), `${index} of ${range}`).toBe(true)
    }
})

/** What who stops at a target of so many hundredths gets back, when so many of so many results reach it. */
const returned = (target: number, reach: bigint, all: bigint) => games.fraction(BigInt(target) * reach, 100n * all)
const targets = [101, 110, 133, 150, 200, 1000, 12_345, 100_000, 10_000_000]

const stake = anchorOf('crash-stake')
test(`a crash by 32 bits returns 99 % at any target (${stake.title})`, () => {
  const crash = (int: number) => Math.max(1, (2 ** 32 / (int + 1)) * 0.99)
  const published = stake.expected.percentages.rtpAtAnyTarget!
  for (const target of targets) {
    const reach = (lattice * 99n) / BigInt(target) // of the numbers int + 1, from 1 on
    expect(crash(Number(reach) - 1) * 100, `the last that reaches ${target}`).toBeGreaterThanOrEqual(target)
    expect(crash(Number(reach)) * 100, 'and the next').toBeLessThan(target)
    expect(percentAsPublished(returned(target, reach, lattice), published)).toBe(published)
  }
  expect(crash(2 ** 32 - 1), 'one in a hundred ends at once').toBe(1)
})

const bustabit = anchorOf('crash-bustabit-v3')
test(`a crash by 52 bits returns 99 %, less what its target is of 2^52 (${bustabit.title})`, () => {
  const all = 2n ** 52n
  const bust = (r: bigint) => Math.max(1, Math.floor(99 / (1 - Number(r) / 2 ** 52)) / 100)
  for (const target of targets) {
    const reach = (all * 99n) / BigInt(target) // of the numbers 2^52 - r, from 1 on
    expect(bust(all - reach) * 100, `the last that reaches ${target}`).toBeGreaterThanOrEqual(target)
    expect(bust(all - reach - 2n * BigInt(target)) * 100, 'and one beyond it').toBeLessThan(target)
    const { n, d } = returned(target, reach, all)
    const missing = games.fraction(99n * d - 100n * n, 100n * d)
    expect(missing.n >= 0n && missing.n * 100n * all < missing.d * BigInt(target), `target ${target}`).toBe(true)
  }
})

test('every published number has a test: each anchor is named by a test file, and each such file holds all of its numbers', () => {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .filter((text) => text.includes("from './anchors.ts'"))
  for (const text of files) expect(text).toContain('afterAll(everyNumberIsHeld)')
  const texts = files.join('\n')
  /** `keno-american-${picks}` names ten of them. */
  const templates = [...texts.matchAll(/`([\w-]+-)\$\{\w+\}`/g)].map(([, start]) => start!)
  const named = (id: string) => texts.includes(`'${id}'`) || templates.some((start) => id.startsWith(start))
  expect(anchorIds.filter((id) => !named(id))).toEqual([])
})
