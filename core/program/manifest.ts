import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSums } from './sums.ts'

/** Whose program it is, where it stands, and where the manifest of what was approved is kept. */
export type Place = { node: string; repository: string; manifest: string }

const names = {
  list: 'SHA256SUMS',
  statement: 'APPROVAL',
  signature: 'APPROVAL.sig',
  key: 'key.pem',
  script: 'database.sql',
}

export function filesOfManifest(dir: string) {
  return {
    list: join(dir, names.list),
    statement: join(dir, names.statement),
    signature: join(dir, names.signature),
    key: join(dir, names.key),
    script: join(dir, names.script),
  }
}

/** Writes a manifest beside the one that is in force, whole, as `<dir>.new`. */
export function writeManifest(dir: string, files: ReadonlyMap<string, string | Buffer>): void {
  const fresh = `${dir}.new`
  rmSync(fresh, { recursive: true, force: true })
  for (const [path, content] of files) {
    const file = join(fresh, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, content, { mode: 0o644 })
  }
}

/** Makes the one that lies beside it the one in force. */
export function putManifest(dir: string): void {
  const before = `${dir}.before`
  rmSync(before, { recursive: true, force: true })
  try {
    renameSync(dir, before)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  renameSync(`${dir}.new`, dir)
}

/** The sum that a file stands in the list of what was approved with, in hexadecimal. */
export function sumOf({ manifest }: Place, path: string): string | undefined {
  const found = readManifest(manifest)
  return found && parseSums(found.list).get(path)
}

/** Undefined when a part of it is not there. */
export function readManifest(dir: string): { list: string; statement: string; signature: Buffer } | undefined {
  const files = filesOfManifest(dir)
  try {
    return {
      list: readFileSync(files.list, 'utf8'),
      statement: readFileSync(files.statement, 'utf8'),
      signature: readFileSync(files.signature),
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
