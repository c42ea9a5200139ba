import { afterAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import { anchorOf, asPublished, everyNumberIsHeld, percentAsPublished, rootAsPublished } from './anchors.ts'
import { atkinsSheet, lobstermaniaSheet } from './machines.ts'

afterAll(everyNumberIsHeld)

const sum = (values: Iterable<bigint>) => [...values].reduce((total, value) => total + value, 0n)
const share = (part: games.Fraction, whole: games.Fraction) => games.fraction(part.n * whole.d, part.d * whole.n)

const lobstermania = anchorOf('slot-lobstermania-96-2')
describe(lobstermania.title, () => {
  const sheet = lobstermaniaSheet()
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
    const scatterPays = [3, 4, 5].map((scatters, i) => scatterHits[i]! * BigInt(sheet.scatterPays![scatters]!))
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
    expect(line.cycle).toBe(259_440_000n)
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
  const sheet = atkinsSheet()
  const { integers, percentages, decimals } = atkins.expected
  const cycle = games.cycleOf(sheet)
  const report = games.par(sheet, cycle)

  test('all published figures, by symbol counts and by every window of 32^5', () => {
    expect(games.checkSheet(sheet)).toEqual([])
    const line = games.analyseLine(sheet)
    const triggers = cycle.filter(({ scatters }) => scatters >= sheet.freeSpins!.from)
    expect({
      linePaysOneLine: line.times,
      lineHitsOneLine: line.hits,
      scatterPays: sum(triggers.map(({ scatters, spins }) => spins * BigInt(sheet.scatterPays![scatters]!))),
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
