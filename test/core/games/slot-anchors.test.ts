import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { anchorOf, asPublished, percentAsPublished, rootAsPublished } from './anchors.ts'

/** Published machines, as data of these tests alone: none is offered. */
type Machine = {
  lines: string[]
  wild: string
  pays: Record<string, Record<number, number>>
  scatter: { symbol: string; pays: Record<number, number> }
}
const sum = (values: Iterable<bigint>) => [...values].reduce((total, value) => total + value, 0n)
const share = (part: games.Fraction, whole: games.Fraction) => games.fraction(part.n * whole.d, part.d * whole.n)

const lobstermania = anchorOf('slot-lobstermania-96-2')
describe(lobstermania.title, () => {
  const machine = lobstermania.parameters as Machine & {
    reelLengths: number[]
    symbolCounts: Record<string, number[]>
    bonus: { prizeWeights: Array<[value: number, weight: number]> }
  }
  // Published are the counts, and that two scatters of a reel are never in view together; one line sees no other order.
  const strips = machine.reelLengths.map((length, reel) => {
    const others = Object.entries(machine.symbolCounts).flatMap(([symbol, counts]) =>
      symbol === 'LT' ? [] : Array<string>(counts[reel]!).fill(symbol),
    )
    const half = length >> 1
    return ['LT', ...others.slice(0, half), 'LT', ...others.slice(half)]
  })
  // 2, 3 or 4 buoys with 2 or 3 prizes each, all alike: of 48 equally likely cases so many come to each number of prizes.
  const count = [
    [4, 4],
    [5, 8],
    [6, 6],
    [7, 6],
    [8, 7],
    [9, 6],
    [10, 6],
    [11, 4],
    [12, 1],
  ] as const
  const sheet: games.SlotSheet = {
    rows: 3,
    strips,
    lines: [[1, 1, 1, 1, 1]],
    wild: machine.wild,
    pays: machine.pays,
    scatter: machine.scatter.symbol,
    scatterPays: machine.scatter.pays,
    pick: { symbol: 'LO', from: 3, onLine: true, count: [...count], prizes: machine.bonus.prizeWeights },
  }
  const expected = lobstermania.expected as typeof lobstermania.expected & {
    histograms: { linePays: Record<string, number> }
  }
  const { integers, fractions, percentages, decimals } = expected
  const line = games.analyseLine(sheet)
  const cycle = games.cycleOf(sheet)
  const withScatters = (scatters: number) =>
    sum(cycle.filter((each) => each.scatters === scatters).map(({ spins }) => spins))

  test('every integer of the report, and the histogram of one line', () => {
    expect(games.checkSheet(sheet)).toEqual([])
    expect(Object.fromEntries(line.histogram)).toEqual(
      Object.fromEntries(Object.entries(expected.histograms.linePays).map(([pay, ways]) => [pay, BigInt(ways)])),
    )
    const scatterHits = [3, 4, 5].map(withScatters)
    const scatterPays = [3, 4, 5].map((scatters, i) => scatterHits[i]! * BigInt(machine.scatter.pays[scatters]!))
    expect({
      lineHits: line.hits,
      linePays: line.times,
      bonusTriggers: line.picks,
      ...{ scatterHits3: scatterHits[0], scatterHits4: scatterHits[1], scatterHits5: scatterHits[2] },
      scatterHits: sum(scatterHits),
      scatterPays: sum(scatterPays),
      allHits: line.hits + line.picks + sum(scatterHits),
      topAwardWays: line.histogram.get(10_000),
    }).toEqual(Object.fromEntries(Object.entries(integers).map(([name, value]) => [name, BigInt(value)])))
    expect(line.cycle).toBe(BigInt(machine.reelLengths.reduce((product, length) => product * length, 1)))
  })

  test('its return as a fraction, its bonus and its odds', () => {
    const report = games.par(sheet, cycle)
    const exact = ({ n, d }: games.Fraction) => `${n}/${d}`
    const bonus = share(report.shares.pick, report.chances.pick)
    expect(exact(report.rtp)).toBe(fractions.rtp)
    expect(exact(bonus)).toBe(fractions.bonusMean)
    expect(percentAsPublished(report.rtp, percentages.rtp!)).toBe(percentages.rtp)
    expect(asPublished(bonus, decimals.bonusMean!)).toBe(decimals.bonusMean)
    const often = games.fraction(line.cycle, line.picks)
    expect(asPublished(often, decimals.gamesPerBonus!)).toBe(decimals.gamesPerBonus)
    const hits = games.fraction(integers.allHits!, line.cycle)
    expect(percentAsPublished(hits, percentages.hitFrequency!)).toBe(percentages.hitFrequency)
    const top = games.fraction(line.cycle, line.histogram.get(10_000)!)
    expect(asPublished(top, decimals.gamesPerTopAward!)).toBe(decimals.gamesPerTopAward)
  })
})

const atkins = anchorOf('slot-atkins-diet')
describe(atkins.title, () => {
  const machine = atkins.parameters as Machine & {
    strips: string[][]
    freeSpins: { trigger: number; count: number; multiplier: number }
  }
  const { trigger, count, multiplier } = machine.freeSpins
  const sheet: games.SlotSheet = {
    rows: 3,
    strips: machine.strips,
    lines: machine.lines.map((line) => [...line].map(Number)),
    wild: machine.wild,
    pays: machine.pays,
    scatter: machine.scatter.symbol,
    scatterPays: machine.scatter.pays,
    freeSpins: { from: trigger, count, multiplier },
  }
  const { integers, percentages, decimals } = atkins.expected
  const cycle = games.cycleOf(sheet)
  const report = games.par(sheet, cycle)

  test('all published figures, by symbol counts and by every window of 32^5', () => {
    expect(games.checkSheet(sheet)).toEqual([])
    const line = games.analyseLine(sheet)
    const triggers = cycle.filter(({ scatters }) => scatters >= trigger)
    expect({
      linePaysOneLine: line.times,
      lineHitsOneLine: line.hits,
      scatterPays: sum(triggers.map(({ scatters, spins }) => spins * BigInt(machine.scatter.pays[scatters]!))),
      featureTriggers: sum(triggers.map(({ spins }) => spins)),
    }).toEqual(Object.fromEntries(Object.entries(integers).map(([name, value]) => [name, BigInt(value)])))
    expect(sum(cycle.map(({ spins }) => spins))).toBe(32n ** 5n)
    expect(sum(cycle.map(({ times }) => times))).toBe(20n * line.times) // two ways to one number
    const percents = {
      rtpLines: report.shares.wins,
      rtpScatter: report.shares.scatters,
      rtpFeature: report.shares.freeSpins,
      rtp: report.rtp,
      hitFrequencyOneLine: games.fraction(line.hits, line.cycle),
      hitFrequency20Lines: report.hitChance,
    }
    for (const [name, value] of Object.entries(percents))
      expect(percentAsPublished(value, percentages[name]!), name).toBe(percentages[name])
    const numbers = {
      featureProbability: report.chances.freeSpins,
      expectedFreeSpins: report.freeSpinsPerFeature,
      featureWin: share(report.shares.freeSpins, report.chances.freeSpins),
    }
    for (const [name, value] of Object.entries(numbers))
      expect(asPublished(value, decimals[name]!), name).toBe(decimals[name])
    expect(rootAsPublished(report.variance, decimals.sdPerPaidSpin!)).toBe(decimals.sdPerPaidSpin)
  })

  test('an end so far away that it is hardly met leaves mean and deviation as they are: two computations, one number', () => {
    const ending = games.par({ ...sheet, freeSpins: { ...sheet.freeSpins!, totalMax: 150 } }, cycle)
    expect(percentAsPublished(ending.rtp, percentages.rtp!)).toBe(percentages.rtp)
    expect(rootAsPublished(ending.variance, '4.373')).toBe('4.373')
    expect(games.toNumber(ending.rtp)).toBeLessThan(games.toNumber(report.rtp))
  })
})
