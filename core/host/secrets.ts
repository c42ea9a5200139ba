import { readFileSync, statSync } from 'node:fs'

/** Reads one secret from its own file; a file others can read is refused, so that a mistake shows at start. */
export function readSecret(file: string): string {
  const mode = statSync(file).mode & 0o077
  if (mode !== 0) throw new Error(`The secret ${file} is open to others; run: chmod 600 ${file}`)
  return readFileSync(file, 'utf8').trim()
}
