import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Game } from './game.ts'

/** The page of a game lies beside its mathematics, in the folder `page`: a module for the browser, its style, its art. */
const catalogueFolder = join(import.meta.dirname, 'catalogue')

/** Which page draws a game; the wheels share one. */
export function pageOf({ id, page }: Game): string {
  return page ?? id
}

/** All pages with the folders they are served from. */
export function pages(): Array<{ page: string; folder: string }> {
  return readdirSync(catalogueFolder)
    .filter((page) => readdirSync(join(catalogueFolder, page)).includes('page'))
    .map((page) => ({ page, folder: join(catalogueFolder, page, 'page') }))
}
