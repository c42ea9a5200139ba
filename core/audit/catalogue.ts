import { access } from './catalogue/access.ts'
import { backups } from './catalogue/backups.ts'
import { house } from './catalogue/house.ts'
import { keys } from './catalogue/keys.ts'
import { money } from './catalogue/money.ts'
import { people } from './catalogue/people.ts'
import { play } from './catalogue/play.ts'
import type { Kind } from './kind.ts'

/**
 * Every code there is, for ever: a code is never given another meaning. An event whose code is not here, or that has other
 * fields, is not written, and so what it tells does not happen.
 */
export const catalogue = { ...house, ...keys, ...backups, ...people, ...access, ...money, ...play }

export type Code = keyof typeof catalogue

export function kindOf(code: string): Kind | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as Code] : undefined
}

/** The codes of significant events: those that GLI-19 2.8.8 names. */
export const significantCodes = Object.entries<Kind>(catalogue)
  .filter(([, kind]) => kind.gli !== undefined)
  .map(([code]) => code)
