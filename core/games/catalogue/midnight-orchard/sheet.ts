import { type SlotSheet, stripOf } from '../../slots/sheet.ts'

/**
 * Midnight Orchard, 5 reels of 3 rows, 20 lines. Lantern is wild for all but Moon; three Moons or more bring ten free
 * spins at twice the pay, which can bring ten more, up to a hundred in all.
 */
export const sheet: SlotSheet = {
  rows: 3,
  wild: 'lantern',
  scatter: 'moon',
  strips: [
    stripOf(`moon plum cherry owl pear apple fox plum pear cherry moth apple plum hare pear lantern cherry apple owl plum pear
      fox cherry apple moth moon hare pear cherry apple plum pear`),
    stripOf(`pear owl plum apple cherry moon pear hare plum moth apple cherry lantern pear plum fox apple cherry hare pear owl plum
      apple cherry moth pear plum apple fox cherry pear plum`),
    stripOf(`apple cherry plum lantern pear hare apple moth cherry plum owl pear apple moon cherry fox plum pear apple hare cherry plum
      moth pear apple owl cherry plum moon fox apple cherry`),
    stripOf(`cherry pear fox apple plum moth cherry pear lantern hare apple plum owl cherry pear apple moon plum hare cherry moth pear
      apple fox plum cherry pear owl apple plum cherry hare`),
    stripOf(`plum apple hare cherry pear owl plum apple moth cherry lantern pear fox plum apple cherry moon pear hare plum apple owl
      cherry moon moth plum apple fox cherry pear hare plum`),
  ],
  lines: [
    [1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0],
    [2, 2, 2, 2, 2],
    [0, 1, 2, 1, 0],
    [2, 1, 0, 1, 2],
    [0, 0, 1, 2, 2],
    [2, 2, 1, 0, 0],
    [1, 0, 1, 2, 1],
    [1, 2, 1, 0, 1],
    [0, 1, 1, 1, 0],
    [2, 1, 1, 1, 2],
    [1, 0, 0, 0, 1],
    [1, 2, 2, 2, 1],
    [0, 1, 0, 1, 0],
    [2, 1, 2, 1, 2],
    [1, 1, 0, 1, 1],
    [1, 1, 2, 1, 1],
    [0, 0, 2, 0, 0],
    [2, 2, 0, 2, 2],
    [0, 2, 0, 2, 0],
  ],
  pays: {
    lantern: { 2: 5, 3: 60, 4: 400, 5: 3000 },
    owl: { 2: 2, 3: 40, 4: 200, 5: 1000 },
    fox: { 2: 2, 3: 30, 4: 150, 5: 600 },
    moth: { 3: 25, 4: 100, 5: 400 },
    hare: { 3: 20, 4: 80, 5: 300 },
    plum: { 3: 6, 4: 20, 5: 100 },
    pear: { 3: 6, 4: 25, 5: 100 },
    apple: { 3: 5, 4: 20, 5: 80 },
    cherry: { 3: 5, 4: 20, 5: 80 },
  },
  scatterPays: { 3: 2, 4: 10, 5: 50 },
  freeSpins: { from: 3, count: 10, multiplier: 2, totalMax: 100 },
}
