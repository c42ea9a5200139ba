import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { slotGame } from '../../../core/games/slots/slot-game.ts'
import { little } from './little-slot.ts'

test('a slot that returns less than 75 %, or whose free spins have no end, does not start [GLI-4.7.1a]', () => {
  const start = (sheet: games.SlotSheet) => () =>
    slotGame({
      ...{ id: 'little', name: 'Little', sheet, cycle: games.cycleOf(sheet), stakeMin: 1n, stakeMax: 100n },
      rules: { en: [], de: [], es: [], fr: [] },
    })
  const paying = (times: number) => ({ ...little, pays: { A: { 2: 1, 3: times } } })
  expect(games.toNumber(games.par(paying(1), games.cycleOf(paying(1))).rtp)).toBeLessThan(0.75)
  expect(start(paying(1))).toThrow('less than may be')
  expect(start(paying(6))().winMax).toBe(700n) // three scatters
  expect(start({ ...paying(6), freeSpins: { from: 3, count: 1, multiplier: 1 } })).toThrow('has an end')
  expect(start({ ...paying(6), rows: 9 })).toThrow('shorter than its view')
})

describe('a sheet that is wrong is refused in words', () => {
  const wrong: Array<[change: Partial<Record<keyof games.SlotSheet, unknown>>, words: RegExp]> = [
    [{ rows: 0 }, /^rows/],
    [{ rows: 5 }, /shorter than its view/],
    [{ lines: [[0, 0]] }, /one row in view for each reel/],
    [
      {
        lines: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      },
      /two are the same/,
    ],
    [{ pays: { A: { 4: 1 } } }, /on 1 to 3 reels/],
    [{ pays: { A: { 3: 1.5 } } }, /whole number/],
    [{ pays: { Z: { 3: 1 } } }, /no reel shows Z/],
    [{ wild: 'S' }, /symbol of a feature/],
    [{ wild: { W: ['Z'] } }, /no pays that a wild could stand for/],
    [{ lines: undefined, ways: { parts: 5 } }, /neither pays nor stands on the first reel/],
    [{ scatter: undefined }, /scatter: pays or free spins ask for one/],
    [{ pays: { S: { 3: 1 } } }, /no pays from the left/],
    [{ freeSpins: { from: 3, count: 5, multiplier: 2, totalMax: 4 } }, /less than one award/],
    [{ cascade: { ladder: [] } }, /ladder/],
    [{ hold: { symbol: 'S', from: 1, respins: 3, values: [[1, 1]], blank: 1, full: 0 } }, /symbol of its own/],
    [{ hold: { symbol: 'B', from: 1, respins: 3, values: [[0, 1]], blank: 0, full: 0 } }, /whole numbers/],
    [{ pick: { symbol: 'Q', from: 1, boxes: [1, 0] } }, /no reel shows it/],
    [{ pick: { symbol: 'B', from: 1, boxes: [1, 2] } }, /some boxes are empty/],
    [{ pick: { symbol: 'B', from: 1, onLine: true, boxes: [1, 0] } }, /opened once/],
    [{ gamble: { stepsMax: 0, timesMax: 1 } }, /stepsMax/],
  ]
  test.each(wrong)('%j', (change, words) => {
    expect(games.checkSheet({ ...little, ...change } as games.SlotSheet).join('\n')).toMatch(words)
  })
})
