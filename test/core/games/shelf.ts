import type { Doors } from '../../support/doors.ts'

/** What stands in the catalogue besides: a small game of several steps, present and earlier versions of it. */
export const shelf = { present: [] as Doors[], earlier: [] as Doors[] }

type Catalogue = typeof import('../../../core/games/catalogue.ts')

/** The catalogue with the shelf; a file of tests puts it in the place of the real one. */
export function shelved(real: Catalogue): Catalogue {
  const on = (part: Doors[], id: string, version?: string) =>
    part.find((game) => game.id === id && (version === undefined || game.version === version))
  return {
    ...real,
    catalogue: () => [...real.catalogue(), ...shelf.present],
    gameOf: (id, version) =>
      on(shelf.present, id, version) ??
      on(version === undefined ? [] : shelf.earlier, id, version) ??
      real.gameOf(on(shelf.present, id) ? 'roulette-european' : id, version),
  }
}
