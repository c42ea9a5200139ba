import { filesOf, hashFiles } from './files.ts'
import type { Sums } from './sums.ts'

/** The program as it lies there now: the paths that were found, and the sums of those that are files. */
export type Survey = { paths: ReadonlySet<string>; sums: Sums }

/** Reads the whole program, some 180 MB of it Node; it needs nothing but the files, so a start can begin with it. */
export async function survey(repository: string): Promise<Survey> {
  const paths = filesOf(repository)
  return { paths: new Set(paths), sums: await hashFiles(paths) }
}
