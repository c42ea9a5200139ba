import type * as games from '#games'

/** Small enough to be counted by hand or by every round there is. */
export const little = {
  rows: 1,
  wild: 'W',
  scatter: 'S',
  strips: [
    ['W', 'A', 'S', 'A'],
    ['A', 'W', 'S', 'B'],
    ['A', 'B', 'S', 'W'],
  ],
  lines: [[0, 0, 0]],
  pays: { W: { 3: 100 }, A: { 2: 1, 3: 10 }, B: { 3: 5 } },
  scatterPays: { 3: 7 },
} satisfies games.SlotSheet
