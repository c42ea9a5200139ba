import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as games from '#games'

describe('tables', () => {
  const symbols = ['A', 'B', 'C', 'W', 'V', 'S'] as const
  const strip = fc.array(fc.constantFrom(...symbols), { minLength: 3, maxLength: 7 })
  const pays = fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.integer({ min: 1, max: 90 }), { maxKeys: 4 })
  const sheets = fc
    .record({
      strips: fc.array(strip, { minLength: 2, maxLength: 4 }),
      rows: fc.integer({ min: 1, max: 3 }),
      pays: fc.record({ A: pays, B: pays, W: pays }, { requiredKeys: ['A'] }),
      wild: fc.constantFrom<games.SlotSheet['wild']>(undefined, 'W', { W: ['A'], V: ['A', 'B'] }),
      crossing: fc.array(fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }), { minLength: 0, maxLength: 5 }),
      cascade: fc.boolean(),
      lineBrings: fc.option(fc.integer({ min: 1, max: 4 })),
    })
    .map(({ strips, crossing, cascade, lineBrings, ...rest }) => ({
      ...{ strips, scatter: 'S', ...rest },
      ...(crossing.length > 0
        ? {
            lines: [
              ...new Set(
                crossing.map((line) =>
                  line
                    .slice(0, strips.length)
                    .map((row) => row % rest.rows)
                    .join(),
                ),
              ),
            ].map((line) => line.split(',').map(Number)),
          }
        : { ways: { parts: 3 } }),
      ...(cascade && { cascade: { ladder: [1, 2, 3] } }),
      ...(lineBrings &&
        crossing.length > 0 && {
          pick: { symbol: 'C', from: lineBrings, onLine: true, count: [[1, 1]], prizes: [[1, 1]] },
        }),
    })) as fc.Arbitrary<games.SlotSheet>

  test('say of every stop what the reference says', () => {
    let compared = 0
    fc.assert(
      fc.property(
        sheets,
        fc.array(fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }), { minLength: 20, maxLength: 20 }),
        (sheet, all) => {
          fc.pre(games.checkSheet(sheet).length === 0)
          const engine = games.openEngine(sheet)
          const spinner = games.openSpinner(sheet)
          for (const numbers of all) {
            const stops = sheet.strips!.map((strip, reel) => numbers[reel]! % strip.length)
            const boards = allowed(() => spinner.at(stops).boards)
            if (!boards) expect(() => engine.times([0, ...stops], 1)).toThrow('without end')
            else {
              compared++
              const expected = boards.reduce(
                (sum, { evaluation, multiplier }) => sum + evaluation.times * multiplier,
                0,
              )
              expect(engine.times([0, ...stops], 1)).toBe(expected)
              expect(games.countsOf(engine.key())).toEqual(games.countsIn(sheet, boards.at(-1)!.window))
            }
          }
        },
      ),
      { seed: 7, numRuns: 400 },
    )
    expect(compared).toBeGreaterThan(2000)
  })
})

function allowed<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
