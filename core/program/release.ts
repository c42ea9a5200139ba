import { join, relative } from 'node:path'
import { filesOf, hashFiles } from './files.ts'
import { type Difference, differencesOf } from './inspection.ts'
import { parseSums, type Sums } from './sums.ts'

export type ReleaseCheck = {
  /** How many files were held against the list. */
  files: number
  differences: Difference[]
  /** Parts of the program that the list does not speak of, such as `node_modules`; they were not looked at. */
  unlisted: string[]
}

/**
 * Compares a folder of the program with a list that comes from somewhere else: the vendor, an auditor, a laboratory. Of each part of the program
 * that the list speaks of (`core`, `ops`, …) it finds what is altered, what is gone, and what lies there unlisted. Asks nobody else: no database, no
 * token, nothing that was ever approved here.
 */
export async function compareRelease(repository: string, list: Sums): Promise<ReleaseCheck> {
  const listed = new Set([...list.keys()].map(partOf))
  const here = filesOf(repository).map((path) => relative(repository, path))
  const compared = new Set([...list.keys(), ...here.filter((path) => listed.has(partOf(path)))])
  const sums = await hashFiles([...compared].map((path) => join(repository, path)))
  const found = new Map([...sums].map(([path, sum]) => [relative(repository, path), sum]))
  for (const path of here) if (compared.has(path) && !found.has(path)) found.set(path, 'no file')
  return {
    files: compared.size,
    differences: differencesOf(list, found),
    unlisted: [...new Set(here.map(partOf))].filter((part) => !listed.has(part)),
  }
}

/**
 * A list as `sha256sum` writes it in the folder of the program.
 *
 * @throws Error when it is none, is empty, or speaks of places outside that folder
 */
export function parseRelease(text: string): Sums {
  const list = parseSums(text.replaceAll(/^(\\?[0-9a-f]{64} [ *])\.\//gm, '$1'))
  const outside = [...list.keys()].find((path) => path.startsWith('/') || path.split('/').includes('..'))
  if (outside) throw new Error(`its paths do not begin at the folder of the program: ${outside.slice(0, 100)}`)
  if (list.size === 0) throw new Error('it lists nothing')
  return list
}

function partOf(path: string): string {
  return path.split('/')[0]!
}
