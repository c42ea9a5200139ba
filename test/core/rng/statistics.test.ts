import { beforeAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import { createGenerator, type Stream } from '#rng'
import { chiSquareTail, normalTails } from '../../conformance/distributions.ts'
import { outcomes, roundsOf } from '../../conformance/outcomes.ts'
import { judge, type Sequence, verdictsOn } from '../../conformance/randomness.ts'

describe('the probabilities that verdicts are made of', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4 and 1.3.6.7.1: critical values to three places.
  for (const [value, degrees, tail] of [
    [3.841, 1, 0.05],
    [6.635, 1, 0.01],
    [18.307, 10, 0.05],
    [23.209, 10, 0.01],
    [29.588, 10, 0.001],
    [124.342, 100, 0.05],
    [135.807, 100, 0.01],
    [77.929, 100, 0.95],
  ] as const)
    test(`chi-square of ${value} with ${degrees} degrees of freedom: ${tail}`, () => {
      expect(chiSquareTail(value, degrees) / tail).toBeCloseTo(1, 3)
    })

  test('normal deviates: 1.96 for one in twenty, 2.576 for one in a hundred, on either side', () => {
    expect(normalTails(1.959964)).toBeCloseTo(0.05, 6)
    expect(normalTails(-2.575829)).toBeCloseTo(0.01, 6)
    expect(normalTails(0)).toBe(1)
  })
})

type Outcome = Record<string, unknown>

describe('final outcomes', () => {
  let stream: Stream
  beforeAll(async () => {
    const seed = async (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 89 + 17) % 251))
    const generator = await createGenerator({ sources: { seed }, personalisation: 'statistics' })
    generator.close()
    stream = generator.stream(16_384)
  })

  test('of every game, as drawn and as shown, alone and two of a round together, are random by nine tests that are judged at 99 % [GLI-3.2.2] [GLI-3.2.3a] [GLI-3.2.4] [RTS-7A-1]', () => {
    const verdicts = outcomes(stream, 20_000).flatMap(verdictsOn)
    expect(new Set(verdicts.map(({ test }) => test)).size).toBe(9)
    for (const { id } of games.catalogue())
      expect(
        verdicts.filter(({ sequence }) => sequence.startsWith(`${id}, `) && sequence.endsWith(' as shown')).length,
        id,
      ).toBeGreaterThan(0)
    expect(judge(verdicts)).toMatchObject({ passed: true })
  })

  const wrong: Record<string, [by: string, game: string, show: (outcome: Outcome, rolled: number) => Outcome]> = {
    'a wheel that shows 7 now and then for 0': [
      'frequency',
      'roulette-european',
      (outcome, rolled) => (outcome.number === 0 && rolled < 5 ? { ...outcome, number: 7 } : outcome),
    ],
    'a bucket that is not where the path leads': [
      'outcomes',
      'plinko',
      (outcome, rolled) => (rolled === 0 ? { ...outcome, bucket: 8 } : outcome),
    ],
    'a second mine that likes to lie before the first': [
      'pairs',
      'mines',
      ({ ended, ...outcome }, rolled) => {
        const { mines } = ended as { mines: number[] }
        const sorted = rolled < 2 ? [...mines].sort((a, b) => b - a) : mines
        return { ...outcome, ended: { ...(ended as object), mines: sorted } }
      },
    ],
    'a second card of the rank of the first more often than it should be': [
      'pairs',
      'jacks-or-better',
      ({ ended, ...outcome }, rolled) => {
        const [first = '', second = '', ...rest] = (ended as { dealt: string[] }).dealt
        const twin = rolled === 0 && first[1] !== second[1] ? `${first[0]}${second[1]}` : second
        return { ...outcome, ended: { ...(ended as object), dealt: [first, twin, ...rest] } }
      },
    ],
  }
  for (const [name, [by, id, show]] of Object.entries(wrong))
    test(`${name}, out of draws that are sound: found, by ${by}`, () => {
      const sound = games.gameOf(id)
      const shown = (played: ReturnType<games.Game['play']>) => ({
        ...played,
        outcome: played.state ? played.outcome : show(played.outcome, stream.draw(10)),
      })
      const { moves } = sound
      const game: games.Game = {
        ...sound,
        play: (choice, draws) => shown(sound.play(choice, draws)),
        ...(moves && { moves: { ...moves, make: (state, move, draws) => shown(moves.make(state, move, draws)) } }),
      }
      const verdicts = roundsOf(game, stream, 20_000).flatMap(verdictsOn)
      expect(verdicts.filter(({ p, test }) => test === by && p < 1e-6).length).toBeGreaterThan(0)
      expect(judge(verdicts).passed).toBe(false)
    })

  test('verdicts on a sound generator are themselves evenly spread', () => {
    const found = Array.from({ length: 150 }, () => verdictsOn(sequenceOf(() => stream.draw(10), 4000))).flat()
    const tenths = new Array<number>(10).fill(0)
    for (const { p } of found) tenths[Math.min(9, Math.floor(p * 10))]!++
    const expected = found.length / 10
    expect(
      chiSquareTail(
        tenths.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0),
        9,
      ),
    ).toBeGreaterThan(0.001)
  })

  const bad: Record<string, [by: string, next: () => number]> = {
    'one outcome is a sixth more likely than the others': [
      'frequency',
      () => (stream.draw(60) === 0 ? 7 : stream.draw(10)),
    ],
    'an outcome never comes twice in a row': ['serial', changing()],
    'outcomes follow one another': ['correlation', leaning()],
    'a lower outcome is due when it was away for long': ['gap', due()],
    'high and low take turns a little too often': ['runs', alternating()],
    'whoever waits for the last of five kinds is helped': ['coupons', helped()],
    'four outcomes rise more often than they should': ['permutation', rising()],
  }
  for (const [name, [by, next]] of Object.entries(bad))
    test(`${name}: found, by the test of ${by} among others`, () => {
      const verdicts = verdictsOn(sequenceOf(next, 60_000))
      expect(judge(verdicts).passed).toBe(false)
      expect(verdicts.find(({ test }) => test === by)!.p).toBeLessThan(0.001)
    })

  function sequenceOf(next: () => number, count: number): Sequence {
    return { name: 'test', range: 10, values: Array.from({ length: count }, next) }
  }

  function changing() {
    let last = -1
    return () => {
      let value = stream.draw(10)
      while (value === last) value = stream.draw(10)
      last = value
      return value
    }
  }

  function leaning() {
    let last = 0
    return () => {
      last = stream.draw(20) === 0 ? last : stream.draw(10)
      return last
    }
  }

  function due() {
    let away = 0
    return () => {
      const value = away > 6 ? stream.draw(2) : stream.draw(10)
      away = value < 2 ? 0 : away + 1
      return value
    }
  }

  function alternating() {
    let last = 0
    return () => {
      const value = stream.draw(10)
      const same = value < 5 === last < 5
      last = same && stream.draw(25) === 0 ? (value + 5) % 10 : value
      return last
    }
  }

  function helped() {
    let seen = new Set<number>()
    return () => {
      let value = stream.draw(10)
      if (seen.size === 4 && seen.has(Math.floor(value / 2)) && stream.draw(5) === 0)
        value = 2 * [0, 1, 2, 3, 4].find((kind) => !seen.has(kind))! + stream.draw(2)
      seen.add(Math.floor(value / 2))
      if (seen.size === 5) seen = new Set()
      return value
    }
  }

  function rising() {
    let four: number[] = []
    return () => {
      if (four.length === 0) {
        four = [0, 0, 0, 0].map(() => stream.draw(10))
        if (stream.draw(20) === 0) four.sort((a, b) => a - b)
      }
      return four.shift()!
    }
  }
})
