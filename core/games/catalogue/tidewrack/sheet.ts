import type { SlotSheet } from '../../slots/sheet.ts'

/**
 * Tidewrack, 3 reels of 3 rows, 5 lines, each position drawn by weights. Four pearls or more begin hold and spin, three chests or more a choice
 * of boxes; a win may be gambled.
 */
export const sheet: SlotSheet = {
  rows: 3,
  weights: [
    [
      ['anchor', 3],
      ['conch', 5],
      ['starfish', 7],
      ['crab', 9],
      ['kelp', 9],
      ['pearl', 5],
      ['chest', 2],
    ],
    [
      ['trident', 2],
      ['anchor', 2],
      ['conch', 5],
      ['starfish', 7],
      ['crab', 9],
      ['kelp', 9],
      ['pearl', 4],
      ['chest', 2],
    ],
    [
      ['anchor', 3],
      ['conch', 5],
      ['starfish', 7],
      ['crab', 9],
      ['kelp', 9],
      ['pearl', 5],
      ['chest', 2],
    ],
  ],
  lines: [
    [1, 1, 1],
    [0, 0, 0],
    [2, 2, 2],
    [0, 1, 2],
    [2, 1, 0],
  ],
  wild: 'trident',
  pays: {
    anchor: { 3: 250 },
    conch: { 3: 50 },
    starfish: { 3: 20 },
    crab: { 3: 10 },
    kelp: { 3: 5 },
  },
  hold: {
    symbol: 'pearl',
    from: 4,
    respins: 3,
    values: [
      [1, 50],
      [2, 25],
      [3, 12],
      [5, 8],
      [10, 4],
      [25, 1],
    ],
    blank: 1500,
    full: 300,
  },
  pick: { symbol: 'chest', from: 3, boxes: [1, 1, 2, 2, 3, 3, 5, 8, 15, 0, 0, 0] },
  gamble: { stepsMax: 5, timesMax: 500 },
}
