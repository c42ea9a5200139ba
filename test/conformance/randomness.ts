import { chiSquareTail, normalTails } from './distributions.ts'

/** Outcomes in the order they came, whole numbers from 0 to range - 1. */
export type Sequence = { name: string; range: number; values: readonly number[] }

/** Values whose chances are known, by number, alone or of two places of a round together. */
export type Tally = { test: 'outcomes' | 'pairs'; name: string; chances: readonly number[]; values: number[] }

export type Evidence = Sequence | Tally

/** What a test says of a sequence: how probable it is that chance alone deviates so far. */
export type Verdict = { test: string; sequence: string; p: number }

const classesMax = 64
const expectedMin = 10 // per class of a chi-square test

/**
 * The tests of GLI-19 3.2.2 and 25 CFR 547.14 on final outcomes (Knuth, The Art of Computer Programming 2, 3.3.2). Each is left out where
 * there is too little of a sequence for it; of a tally, whether everything came as often as it should. @returns a verdict per test
 */
export function verdictsOn(sequence: Evidence): Verdict[] {
  if ('chances' in sequence) return verdictOnTally(sequence)
  const tests = { frequency, serial, gap, runs, coupons, permutation, correlation }
  return Object.entries(tests).flatMap(([test, run]) => {
    const p = run(sequence)
    return p === undefined ? [] : [{ test, sequence: sequence.name, p }]
  })
}

function verdictOnTally({ test, name, chances, values }: Tally): Verdict[] {
  const counts = new Array<number>(chances.length).fill(0)
  for (const value of values) counts[value]!++
  const p = chiSquare(counts, chances, values.length)
  return p === undefined ? [] : [{ test, sequence: name, p }]
}

/**
 * All verdicts together, at a level of 99 %: a sound generator passes 99 of 100 times. Judged twice, each at half of the level: whether the most
 * improbable verdict is so among that many (Šidák), and whether there are too many below one in a hundred (binomial).
 */
export function judge(verdicts: readonly Verdict[]): { passed: boolean; worst: Verdict; low: number; lowMax: number } {
  const share = 0.005
  const worst = verdicts.reduce((least, each) => (each.p < least.p ? each : least))
  const low = verdicts.filter(({ p }) => p < 0.01).length
  const lowMax = quantile(verdicts.length, 0.01, share)
  return { passed: worst.p >= 1 - (1 - share) ** (1 / verdicts.length) && low <= lowMax, worst, low, lowMax }
}

/** The least number that so many trials exceed with at most this probability. */
function quantile(trials: number, probability: number, beyond: number): number {
  let term = (1 - probability) ** trials
  let below = term
  let count = 0
  while (1 - below > beyond) {
    term *= ((trials - count) / (count + 1)) * (probability / (1 - probability))
    below += term
    count++
  }
  return count
}

/** Every outcome as often as every other. */
function frequency({ range, values }: Sequence): number | undefined {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  if (values.length / range < expectedMin) return undefined
  const expected = values.length / range
  const absent = (range - counts.size) * expected
  const sum = [...counts.values()].reduce((total, count) => total + (count - expected) ** 2 / expected, absent)
  return chiSquareTail(sum, range - 1)
}

/** Every pair of neighbours as often as every other; pairs do not overlap. */
function serial(sequence: Sequence): number | undefined {
  const kinds = Math.min(sequence.range, 16)
  const values = inClasses(sequence, kinds)
  const pairs = Math.floor(values.length / 2)
  const counts = new Array<number>(kinds * kinds).fill(0)
  for (let n = 0; n < pairs; n++) counts[values[2 * n]! * kinds + values[2 * n + 1]!]!++
  return chiSquare(counts, new Array(kinds * kinds).fill(1 / (kinds * kinds)), pairs)
}

/** How long the lower part of the range stays away. */
function gap(sequence: Sequence): number | undefined {
  const kinds = Math.min(sequence.range, classesMax)
  const values = inClasses(sequence, kinds)
  const lower = Math.max(1, Math.floor(kinds / 4))
  const here = lower / kinds
  const longest = 20
  const counts = new Array<number>(longest + 1).fill(0)
  let length = 0
  for (const value of values)
    if (value < lower) {
      counts[Math.min(length, longest)]!++
      length = 0
    } else length++
  const expected = counts.map((_, n) => (n < longest ? here * (1 - here) ** n : (1 - here) ** longest))
  return chiSquare(counts, expected, sum(counts))
}

/** How often neighbours stand on different sides of the middle. */
function runs(sequence: Sequence): number | undefined {
  const { range, values } = sequence
  const half = Math.floor(range / 2)
  const p = half / range
  const n = values.length
  if (n * p * (1 - p) < 1000) return undefined
  let changes = 0
  for (let at = 1; at < n; at++) if (values[at - 1]! < half !== values[at]! < half) changes++
  const pq = p * (1 - p)
  const variance = (n - 1) * 2 * pq * (1 - 2 * pq) + 2 * (n - 2) * pq * (1 - 4 * pq)
  return normalTails((changes - (n - 1) * 2 * pq) / Math.sqrt(variance))
}

/** How many outcomes it takes until each of five kinds was there. */
function coupons(sequence: Sequence): number | undefined {
  const kinds = Math.min(sequence.range, 5)
  if (kinds < 3) return undefined
  const values = inClasses(sequence, kinds)
  const longest = 24
  const counts = new Array<number>(longest + 1).fill(0)
  let seen = new Set<number>()
  let length = 0
  for (const value of values) {
    seen.add(value)
    length++
    if (seen.size < kinds) continue
    counts[Math.min(length, longest)]!++
    seen = new Set()
    length = 0
  }
  // Complete by the n-th: by inclusion and exclusion over the kinds that are missing.
  const completeBy = (n: number) =>
    sum(
      Array.from(
        { length: kinds + 1 },
        (_, missing) => (-1) ** missing * binomial(kinds, missing) * (1 - missing / kinds) ** n,
      ),
    )
  const expected = counts.map((_, n) =>
    n < kinds ? 0 : n < longest ? completeBy(n) - completeBy(n - 1) : 1 - completeBy(longest - 1),
  )
  return chiSquare(counts.slice(kinds), expected.slice(kinds), sum(counts))
}

/** Every order of four neighbours as often as every other; fours with equals among them say nothing. */
function permutation({ range, values }: Sequence): number | undefined {
  if (range < 8) return undefined
  const counts = new Array<number>(24).fill(0)
  for (let at = 0; at + 4 <= values.length; at += 4) {
    const four = values.slice(at, at + 4)
    if (new Set(four).size === 4) counts[rankOf(four)]!++
  }
  return chiSquare(counts, new Array(24).fill(1 / 24), sum(counts))
}

/** Whether an outcome leans on the one before. */
function correlation({ range, values }: Sequence): number | undefined {
  if (values.length < 1000) return undefined
  const mean = (range - 1) / 2
  let total = 0
  for (let at = 1; at < values.length; at++) total += (values[at - 1]! - mean) * (values[at]! - mean)
  const variance = (range * range - 1) / 12
  return normalTails(total / (variance * Math.sqrt(values.length - 1)))
}

/** Outcomes by kind, equally many to each; those left over say nothing, whatever came before them. */
function inClasses({ range, values }: Sequence, kinds: number): number[] {
  const each = Math.floor(range / kinds)
  return values.filter((value) => value < each * kinds).map((value) => Math.floor(value / each))
}

/** Classes that are too rare for the test are joined with their neighbours. Undefined when fewer than two are left. */
function chiSquare(counts: readonly number[], probabilities: readonly number[], total: number): number | undefined {
  const classes: Array<{ found: number; expected: number }> = []
  let open = { found: 0, expected: 0 }
  for (const [n, count] of counts.entries()) {
    open = { found: open.found + count, expected: open.expected + total * probabilities[n]! }
    if (open.expected < expectedMin) continue
    classes.push(open)
    open = { found: 0, expected: 0 }
  }
  const last = classes.at(-1)
  if (!last || classes.length < 2) return undefined
  last.found += open.found
  last.expected += open.expected
  return chiSquareTail(
    sum(classes.map(({ found, expected }) => (found - expected) ** 2 / expected)),
    classes.length - 1,
  )
}

function rankOf(values: readonly number[]): number {
  let rank = 0
  for (const [at, value] of values.entries()) {
    const smaller = values.slice(at + 1).filter((other) => other < value).length
    rank = rank * (values.length - at) + smaller
  }
  return rank
}

function binomial(n: number, k: number): number {
  let result = 1
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i
  return result
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
