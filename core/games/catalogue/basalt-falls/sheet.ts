import { type SlotSheet, stripOf } from '../../slots/sheet.ts'

/**
 * Basalt Falls, 5 reels of 3 rows, 243 ways. What wins sinks and the rock above it falls, up to five times the pay; three craters or more
 * bring ten free spins at three times that, which can bring ten more, up to a hundred in all.
 */
export const sheet: SlotSheet = {
  rows: 3,
  ways: { parts: 20 },
  wild: 'magma',
  scatter: 'crater',
  strips: [
    stripOf(`pumice pumice pumice moss salamander opal opal opal amethyst amethyst crater ash ash salamander pumice
      pumice ash ash phoenix phoenix fern fern fern`),
    stripOf(`phoenix magma fern fern moss moss moss fern fern ash ash salamander salamander crater ash ash ash moss
      opal amethyst amethyst pumice`),
    stripOf(`amethyst pumice pumice pumice amethyst salamander pumice pumice moss crater moss moss opal opal opal
      fern ash ash phoenix phoenix magma`),
    stripOf(`opal opal amethyst amethyst moss moss moss ash ash pumice pumice magma phoenix fern fern fern salamander
      salamander ash ash pumice pumice crater`),
    stripOf(`amethyst crater amethyst opal opal ash ash ash phoenix phoenix moss moss moss pumice pumice fern fern
      fern salamander salamander ash pumice pumice`),
  ],
  pays: {
    phoenix: { 3: 10, 4: 60, 5: 400 },
    salamander: { 3: 6, 4: 30, 5: 160 },
    amethyst: { 3: 4, 4: 16, 5: 80 },
    opal: { 3: 3, 4: 8, 5: 40 },
    fern: { 3: 2, 4: 6, 5: 20 },
    moss: { 3: 2, 4: 6, 5: 20 },
    pumice: { 3: 1, 4: 3, 5: 12 },
    ash: { 3: 1, 4: 3, 5: 12 },
  },
  scatterPays: { 3: 1, 4: 5, 5: 50 },
  cascade: { ladder: [1, 2, 3, 5] },
  freeSpins: { from: 3, count: 10, multiplier: 3, totalMax: 100 },
}
