import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where a program stands, and where the manifest of what was approved is kept. */
export type Place = { repository: string; manifest: string }

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

/** Writes a manifest beside the one that is in force; `put` makes it the one, whole or not at all. */
export function writeManifest(dir: string, files: ReadonlyMap<string, string | Buffer>): { put(): void } {
  const fresh = `${dir}.new`
  rmSync(fresh, { recursive: true, force: true })
  for (const [path, content] of files) {
    const file = join(fresh, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, content, { mode: 0o644 })
  }
  return {
    put() {
      const before = `${dir}.before`
      rmSync(before, { recursive: true, force: true })
      try {
        renameSync(dir, before)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
      renameSync(fresh, dir)
    },
  }
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

/** The node a manifest was made for; what verdicts are kept under. */
export function nodeOf(dir: string): string | undefined {
  const statement = readManifest(dir)?.statement
  return statement && /^# node: (.+)$/m.exec(statement)?.[1]
}
