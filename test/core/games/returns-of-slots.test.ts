import { expect, test } from 'vitest'
import * as games from '#games'
import { cycle } from '../../../core/games/catalogue/midnight-orchard/cycle.ts'
import { sheet } from '../../../core/games/catalogue/midnight-orchard/sheet.ts'
import { seeded } from './seeded.ts'

/** A slot that is sold, spun, and its sums held against what its sheet says: nothing in here knows its deviation but the sheet. */
const z = 2.576
const game = games.gameOf('midnight-orchard')
const parts = sheet.lines!.length
const one = game.spread!(game.readChoice({ stake: '1.00' }, 'EUR'))
const [mean, deviation] = [games.toNumber(one.mean) / 100, Math.sqrt(games.toNumber(one.variance)) / 100]

/** What one line returns of what is staked on it. */
function lineReturn(slot: games.SlotSheet): games.Fraction {
  const { times, cycle } = games.analyseLine(slot)
  return games.fraction(times, cycle)
}

/** At least so many spins at 1.00 of a sheet whose reels have 32 stops, as the monitor adds them up. */
function spinnerOf(played: games.SlotSheet): (seed: number, least: number) => { rounds: number; returned: number } {
  const simulate = games.openSimulation(played)
  const stops = new Uint8Array(200_000)
  return (seed, least) => {
    const random = seeded(seed)
    let [rounds, times] = [0, 0]
    while (rounds < least) {
      const length = Math.min(stops.length, 6 * (least - rounds) + 200)
      for (let at = 0; at < length; at++) stops[at] = random() * 32
      const some = simulate(stops.subarray(0, length))
      rounds += some.spins
      times += some.times
    }
    return { rounds, returned: (times * 100) / parts }
  }
}

function isOutside({ rounds, returned }: { rounds: number; returned: number }): boolean {
  const sums = { rounds, returned, expected: mean * 100 * rounds, variance: (deviation * 100) ** 2 * rounds }
  return games.isOutside(sums, { z, skill: false })
}

/** How much more a sheet returns than the one that is sold, by what one line does, in free spins too. */
function moreIn(wrong: games.SlotSheet): number {
  const { shares } = games.par(sheet, cycle)
  const [wins, scatters, free] = [shares.wins, shares.scatters, shares.freeSpins].map(games.toNumber) as [
    number,
    number,
    number,
  ]
  return (games.toNumber(lineReturn(wrong)) - games.toNumber(lineReturn(sheet))) * (1 + free / (wins + scatters))
}

/** Holds how many of so many runs are found against how many should be, within three standard errors. */
function holds(found: number, runs: number, chance: number): void {
  expect(Math.abs(found - runs * chance)).toBeLessThan(3 * Math.sqrt(runs * chance * (1 - chance)))
}

const paying = (cherry: Record<number, number>): games.SlotSheet => ({
  ...sheet,
  pays: { ...sheet.pays, cherry: { ...sheet.pays.cherry, ...cherry } },
})

test('a slot that pays a point too much is found by its own sheet: in 95 of 100 runs at ((z + 1.645)·σ/δ)² spins [GLI-A.6.1d] [GLI-A.6.2]', () => {
  const wrong = paying({ 4: 25 })
  const delta = moreIn(wrong)
  expect(delta).toBeGreaterThan(0.01)
  expect(delta).toBeLessThan(0.012)
  const spins = (((z + 1.645) * deviation) / delta) ** 2
  const spin = spinnerOf(wrong)
  const runs = Array.from({ length: 10 }, (_, run) => spin(run, spins))
  holds(runs.filter(isOutside).length, runs.length, 0.95)
})

test('the larger a fault, the sooner it is found: one of some points in half the runs at (z·σ/δ)² spins [GLI-A.6.2]', () => {
  const wrong = paying({ 5: 150 })
  const spins = ((z * deviation) / moreIn(wrong)) ** 2
  expect(spins).toBeLessThan(100_000)
  const spin = spinnerOf(wrong)
  const runs = Array.from({ length: 60 }, (_, run) => spin(run, spins))
  holds(runs.filter(isOutside).length, runs.length, 0.5)
})

test('of a thousand clean days of that slot one in a hundred is told, as chance has it [GLI-A.6.2]', () => {
  const spin = spinnerOf(sheet)
  const told = Array.from({ length: 1000 }, (_, day) => isOutside(spin(day, 10_000))).filter(Boolean).length
  expect(Math.abs(told - 10)).toBeLessThan(3 * Math.sqrt(1000 * 0.01 * 0.99))
})
