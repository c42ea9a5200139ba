import { createHash, hash } from 'node:crypto'
import { closeSync, type Dirent, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sums } from './sums.ts'

/** What is shipped, next to the packages of the lockfile. */
const shipped = ['core', 'edge', 'ops', 'provisioning', 'package.json', 'package-lock.json']
const pieceBytes = 1024 * 1024
const sliceMs = 5

/**
 * Every file of the program: what is shipped, the packages that run with it (Node itself and the compiled add-on among
 * them), and whatever else lies where Node would look for a module. Not what only development needs, nor Node's headers.
 */
export function filesOf(repository: string): string[] {
  const { known, running } = packagesOf(repository)
  const own = shipped.flatMap((name) => filesIn(join(repository, name)))
  const packages = running.flatMap((name) => filesIn(join(repository, name), apartFrom(name)))
  const strays = strangersIn(repository, 'node_modules', known).flatMap((name) => filesIn(join(repository, name)))
  return [...own, ...packages, ...strays].sort()
}

/** SHA-256 of each file, in slices between which other work of the process goes on; what is no file is left out. */
export async function hashFiles(paths: Iterable<string>): Promise<Sums> {
  const sums = new Map<string, string>()
  let sliceEndMs = performance.now() + sliceMs
  for (const path of paths) {
    const sum = await hashFile(path)
    if (sum !== undefined) sums.set(path, sum)
    if (performance.now() < sliceEndMs) continue
    await breath()
    sliceEndMs = performance.now() + sliceMs
  }
  return sums
}

async function hashFile(path: string): Promise<string | undefined> {
  try {
    const found = statSync(path)
    if (!found.isFile()) return undefined
    if (found.size <= pieceBytes) return hash('sha256', readFileSync(path), 'hex')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const file = openSync(path, 'r')
  try {
    const digest = createHash('sha256')
    const piece = Buffer.allocUnsafe(pieceBytes)
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      digest.update(piece.subarray(0, read))
      await breath()
    }
    return digest.digest('hex')
  } finally {
    closeSync(file)
  }
}

/** The packages the lockfile names, by their folders: all of them, and those that run. */
function packagesOf(repository: string): { known: ReadonlySet<string>; running: string[] } {
  const lockfile = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  const folders = Object.entries(lockfile.packages).filter(([folder]) => folder !== '')
  return {
    known: new Set(folders.map(([folder]) => folder)),
    running: folders.filter(([, entry]) => !entry.dev).map(([folder]) => folder),
  }
}

/** Packages nobody asked for: some libraries take an optional one as soon as it is there. */
function strangersIn(repository: string, folder: string, known: ReadonlySet<string>): string[] {
  return entriesOf(join(repository, folder)).flatMap((entry) => {
    if (entry.name.startsWith('.')) return []
    const path = `${folder}/${entry.name}`
    if (known.has(path)) return strangersIn(repository, `${path}/node_modules`, known)
    return entry.name.startsWith('@') ? strangersIn(repository, path, known) : [path]
  })
}

/** A package's own packages have folders of their own in the lockfile; headers are for compilers. */
function apartFrom(name: string): string[] {
  return name.startsWith('node_modules/node-linux-') ? ['node_modules', 'include'] : ['node_modules']
}

/** A link to a folder is told as what it is, and not followed. */
function filesIn(path: string, except: readonly string[] = []): string[] {
  const entries = entriesOf(path)
  if (entries.length === 0) return isFile(path) ? [path] : []
  return entries
    .filter((entry) => !except.includes(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]))
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
