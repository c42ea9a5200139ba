import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { elementFolder, elementScript, elementsOf } from './elements.ts'
import { hashFiles } from './files.ts'
import { differencesOf, lastApproval } from './inspection.ts'
import { filesOfManifest, type Place, putManifest, readManifest, writeManifest } from './manifest.ts'
import { manifestKey, type OnMismatch, printStatement, type Signer, signStatement } from './statement.ts'
import { digestOf, parseSums, printSums, type Sums } from './sums.ts'
import { type Survey, survey } from './survey.ts'

export type Approval = { digest: string; files: number; keyFingerprint: string; changed: number }

const pathsTold = 20

/**
 * Approves the program as it stands: writes the list of sums of every file of it, of `also` (configurations, engines) and of
 * every element of the database, signs it in the token, and says so in the audit log with what has changed since the last.
 * For installation and upgrade; whoever asks answers for what is there. Once the transaction has committed, `settle` puts the
 * manifest in force.
 *
 * @throws Error when a file cannot be read, or when something is no file
 */
export async function approve(
  tx: Tx,
  command: Command & { keys: Signer },
  place: Place,
  what: {
    version: string
    onMismatch: OnMismatch
    by: string
    also: readonly string[]
    surveyed?: Survey
  },
): Promise<Approval> {
  const { keys, ...acting } = command
  const { now } = acting
  const { node } = place
  const { version, onMismatch, by, also, surveyed = await survey(place.repository) } = what
  const elements = await elementsOf(tx)
  const script = elementScript(place.manifest)
  const files = filesOfManifest(place.manifest)
  const sums: Sums = new Map([
    ...surveyed.sums,
    ...(await hashFiles(also)),
    ...[...elements].map(([path, text]) => [join(elementFolder(place.manifest), path), digestOf(text)] as const),
    [files.script, digestOf(script)],
  ])
  const missing = [...surveyed.paths, ...also].find((path) => !sums.has(path))
  if (missing) throw new Error(`${missing} is no file; a program of which it is part cannot be approved.`)

  const list = printSums(sums)
  const digest = digestOf(list)
  const key = await keys.active(manifestKey)
  const publicKey = await keys.publicKey(key)
  const statement = printStatement(
    { node, version, approvedAt: now.toISOString(), onMismatch, key, digest },
    files.list,
  )
  const keyFingerprint = createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
  const before = sumsBefore(place)
  writeManifest(
    place.manifest,
    new Map<string, string | Buffer>([
      ['SHA256SUMS', list],
      ['APPROVAL', statement],
      ['APPROVAL.sig', await signStatement(keys, key, statement)],
      ['key.pem', publicKey.export({ format: 'pem', type: 'spki' }).toString()],
      ['database.sql', script],
      ...[...elements].map(([path, text]) => [join('sql', path), text] as const),
    ]),
  )
  await tx`
    insert into program.approvals (digest, node, at, files, key)
    values (${digest}, ${node}, ${now}, ${sums.size}, ${keyFingerprint})`
  await tx`
    insert into program.verdicts (node, at, occasion, ok, expected, actual, files, differences, first_bad)
    values (${node}, ${now}, 'approval', true, ${digest}, ${digest}, ${sums.size}, 0, null)`
  const changes = differencesOf(before ?? new Map(), sums)
  await audit.record(tx, acting, {
    action: 'program.approved',
    subject: node,
    detail: {
      digest,
      files: sums.size,
      key: keyFingerprint,
      version,
      by,
      ...(before ? { changed: changes.length, first: changes.slice(0, pathsTold).map(({ path }) => path) } : {}),
    },
  })
  return { digest, files: sums.size, keyFingerprint, changed: before ? changes.length : 0 }
}

/**
 * Puts in force what was approved last and lies beside the manifest: right after an approval, and at the start after one that
 * was cut short between the two.
 */
export async function settle(reader: Reader, { node, manifest }: Place): Promise<void> {
  const beside = readManifest(`${manifest}.new`)
  const last = await lastApproval(reader, node)
  if (beside && last !== undefined && digestOf(beside.list) === last) putManifest(manifest)
}

/**
 * Was a program ever approved here, by whatever says so: a row, an event of the log, a manifest? Then one that is missing is
 * damage, and never a first start. Where several nodes share the database, each has a first start of its own.
 */
export async function wasApproved(reader: Reader, { node, manifest }: Place, shared: boolean): Promise<boolean> {
  const ours = shared ? reader`where node = ${node}` : reader``
  const [row] = await reader<Array<{ there: boolean }>>`select exists (select from program.approvals ${ours}) as there`
  const told = await audit.search(reader, { code: 'program.approved', limit: 1, ...(shared ? { subject: node } : {}) })
  return row?.there === true || told.length > 0 || existsSync(manifest)
}

function sumsBefore(place: Place): Sums | undefined {
  const before = readManifest(place.manifest)
  try {
    return before && parseSums(before.list)
  } catch {
    return undefined
  }
}
