import { join } from 'node:path'
import * as audit from '#audit'
import { type Reader, Refusal } from '#base'
import type { Keys } from '#keys'
import { elementFolder, elementsOf } from './elements.ts'
import { hashFiles } from './files.ts'
import { filesOfManifest, type Place, readManifest } from './manifest.ts'
import { isSigned, parseStatement, type Statement } from './statement.ts'
import { digestOf, parseSums, printSums, type Sums } from './sums.ts'
import { type Survey, survey } from './survey.ts'

/** `expected` null: nobody approved it; `actual` null: it is not there. Else SHA-256, or words where there is none. */
export type Difference = { path: string; expected: string | null; actual: string | null }

export type Inspection = {
  ok: boolean
  /** What the signed statement says; undefined when there is none, or none of ours. */
  statement: Statement | undefined
  /** Digests of the list that was approved, and of the same list made of what was found. */
  expected: string | null
  actual: string
  files: number
  differences: Difference[]
}

/**
 * Compares what is there with what was approved, byte for byte: files, configurations, elements of the database, and whatever
 * lies among them that nobody approved. Trusts the token's key and the last approval in the database, nothing in the manifest's
 * folder. Changes nothing.
 */
export async function inspect(
  reader: Reader,
  keys: Pick<Keys, 'publicKey'>,
  place: Place,
  surveyed?: Survey,
): Promise<Inspection> {
  const { statement, list, faults } = await trusted(reader, keys, place)
  const { paths, sums } = surveyed ?? (await survey(place.repository))
  const folder = elementFolder(place.manifest)
  const elements = new Map(
    [...(await elementsOf(reader))].map(([path, text]) => [join(folder, path), digestOf(text)] as const),
  )
  const others = [...list.keys()].filter((path) => !paths.has(path))
  const found = new Map([...paths].map((path) => [path, sums.get(path) ?? 'no file'] as const))
  for (const [path, sum] of await hashFiles(others)) found.set(path, sum)
  // An element of the database is looked at twice: its exported text, and as it is in the database now.
  const inDatabase = differencesOf(only(list, folder), elements)
  const differences = [
    ...faults,
    ...differencesOf(list, found),
    ...inDatabase.map((each) => ({ ...each, path: `database: ${each.path.slice(folder.length + 1, -'.sql'.length)}` })),
  ]
  const actual = new Map(found)
  for (const each of inDatabase)
    if (each.actual === null) actual.delete(each.path)
    else actual.set(each.path, each.actual)
  return {
    ok: differences.length === 0,
    statement,
    expected: statement?.digest ?? null,
    actual: digestOf(printSums(actual)),
    files: found.size,
    differences,
  }
}

/** Where two lists differ, in the order of their paths. */
export function differencesOf(expected: Sums, actual: Sums): Difference[] {
  return [...new Set([...expected.keys(), ...actual.keys()])]
    .sort()
    .map((path) => ({ path, expected: expected.get(path) ?? null, actual: actual.get(path) ?? null }))
    .filter((each) => each.expected !== each.actual)
}

type Trusted = { statement: Statement | undefined; list: Sums; faults: Difference[] }

/** The list, as far as it is what was approved last and is signed by the token. */
async function trusted(
  reader: Reader,
  keys: Pick<Keys, 'publicKey'>,
  { node, manifest: dir }: Place,
): Promise<Trusted> {
  const files = filesOfManifest(dir)
  const manifest = readManifest(dir)
  if (!manifest) return untrusted({ path: dir, expected: 'a signed manifest', actual: null })
  const parsed = attempt(() => ({ statement: parseStatement(manifest.statement), list: parseSums(manifest.list) }))
  if (!parsed) return untrusted({ path: dir, expected: 'a signed manifest', actual: 'something else' })
  const { statement, list } = parsed
  const key = statement.key.startsWith('sk-manifest')
    ? await keys.publicKey(statement.key).catch(unknownKey)
    : undefined
  if (!key || !isSigned(manifest.statement, manifest.signature, key))
    return untrusted({ path: files.signature, expected: 'a signature by the token', actual: 'another' }, list)
  const digest = digestOf(manifest.list)
  if (digest !== statement.digest)
    return untrusted({ path: files.list, expected: statement.digest, actual: digest }, list)
  const last = await lastApproval(reader, node)
  if (statement.node !== node || last !== digest)
    return untrusted({ path: files.statement, expected: last ?? `an approval of ${node}`, actual: digest }, list)
  return { statement, list, faults: [] }
}

/** By the row and by the newest event of the log, which have to agree: whoever takes one away has to take the other, too. */
export async function lastApproval(reader: Reader, node: string): Promise<string | undefined> {
  const [row] = await reader<Array<{ digest: string }>>`
    select digest from program.approvals where node = ${node} order by at desc limit 1`
  const [event] = await audit.search(reader, { code: 'program.approved', subject: node, limit: 1 })
  return row && event?.detail?.digest === row.digest ? row.digest : undefined
}

function untrusted(fault: Difference, list: Sums = new Map()): Trusted {
  return { statement: undefined, list, faults: [fault] }
}

/** A key the token does not have signs nothing; an agent that does not answer leaves the question open. */
function unknownKey(error: unknown): undefined {
  if (error instanceof Refusal) throw error
}

function only(sums: Sums, folder: string): Sums {
  return new Map([...sums].filter(([path]) => path.startsWith(`${folder}/`)))
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
