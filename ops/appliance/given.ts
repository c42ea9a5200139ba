import { readFileSync } from 'node:fs'
import { Trouble } from './trouble.ts'

/** A file that somebody named on the command line. @throws Trouble where it cannot be read */
export function readGiven(file: string, what: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Trouble(`The ${what} ${file} cannot be read.`, { setting, remedy: `ls -l ${file}`, cause })
  }
}
