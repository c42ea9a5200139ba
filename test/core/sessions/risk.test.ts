import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Circumstances, concernsOf, kilometresBetween } from '../../../core/sessions/risk.ts'

const at = (hours: number) => new Date(Date.parse('2026-11-27T12:00:00Z') + hours * 3_600_000)
const place = fc.record({
  country: fc.constant('XX'),
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
})
const paris = { country: 'FR', latitude: 48.8566, longitude: 2.3522 }
const london = { country: 'GB', latitude: 51.5074, longitude: -0.1278 }
const usual: Circumstances = {
  now: at(0),
  place: undefined,
  before: undefined,
  device: 'known',
  listed: false,
  failures: 0,
}

test('distances are those of the globe, the same both ways, and never shorter by a detour', () => {
  expect(kilometresBetween(paris, london)).toBeCloseTo(343.6, 0)
  expect(kilometresBetween({ ...paris, latitude: 90 }, { ...paris, latitude: -90 })).toBeCloseTo(Math.PI * 6371, 3)
  fc.assert(
    fc.property(place, place, place, (a, b, c) => {
      expect(kilometresBetween(a, b)).toBeCloseTo(kilometresBetween(b, a), 3)
      // Across the whole globe the arc sine is only good to a fifth of a metre.
      expect(kilometresBetween(a, c)).toBeLessThanOrEqual(kilometresBetween(a, b) + kilometresBetween(b, c) + 1e-3)
    }),
  )
})

test('travel is impossible above 900 km/h, and below it is not; what tables of networks differ by is nothing', () => {
  const degrees = (kilometres: number) => ({
    country: 'XX',
    latitude: kilometres / ((Math.PI * 6371) / 180),
    longitude: 0,
  })
  const travels = (kilometres: number, hours: number) =>
    concernsOf({ ...usual, now: at(hours), place: degrees(kilometres), before: { at: at(0), place: degrees(0) } })
  expect(travels(1000, 1)).toEqual(['impossible_travel'])
  expect(travels(899, 1)).toEqual([])
  expect(travels(901, 1)).toEqual(['impossible_travel'])
  expect(travels(99, 0)).toEqual([])
  fc.assert(
    fc.property(
      fc.double({ min: 101, max: 20_000, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (far, hours) => {
        fc.pre(Math.abs(far - hours * 900) > 0.01)
        expect(travels(far, hours).length).toBe(far > hours * 900 ? 1 : 0)
      },
    ),
  )
})

test('a known device at a known pace from an ordinary network raises no concern; an unknown place none by itself', () => {
  expect(concernsOf(usual)).toEqual([])
  fc.assert(
    fc.property(place, (somewhere) => {
      expect(concernsOf({ ...usual, before: { at: at(-0.1), place: somewhere } })).toEqual([])
      expect(concernsOf({ ...usual, place: somewhere })).toEqual([])
    }),
  )
})

test('each concern stands for itself, and a further one takes none away', () => {
  const circumstances = fc.record({
    now: fc.constant(at(0)),
    place: fc.option(place, { nil: undefined }),
    before: fc.option(fc.record({ at: fc.integer({ min: -48, max: 0 }).map(at), place }), { nil: undefined }),
    device: fc.constantFrom('known' as const, 'new' as const, 'first' as const),
    listed: fc.boolean(),
    failures: fc.integer({ min: 0, max: 30 }),
  })
  fc.assert(
    fc.property(circumstances, (sign) => {
      const found = concernsOf(sign)
      expect(found.includes('new_device')).toBe(sign.device === 'new')
      expect(found.includes('listed_network')).toBe(sign.listed)
      expect(found.includes('many_failures')).toBe(sign.failures >= 10)
      for (const worse of [{ device: 'new' as const }, { listed: true }, { failures: 30 }])
        expect(concernsOf({ ...sign, ...worse })).toEqual(expect.arrayContaining(found))
    }),
  )
})
