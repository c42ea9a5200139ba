import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { elementFolder, elementScript, elementsOf } from './elements.ts'
import { hashFiles } from './files.ts'
import { differencesOf } from './inspection.ts'
import { filesOfManifest, type Place, readManifest, writeManifest } from './manifest.ts'
import { manifestKey, type OnMismatch, printStatement, type Signer, signStatement } from './statement.ts'
import { digestOf, parseSums, printSums, type Sums } from './sums.ts'
import { type Survey, survey } from './survey.ts'

export type Approval = { digest: string; files: number; keyFingerprint: string; changed: number }

const pathsTold = 20

/**
 * Approves the program as it stands: writes the list of sums of every file of it, of `also` (configurations, engines) and of
 * every element of the database, signs it in the token, and says so in the audit log with what has changed since the last.
 * For installation and upgrade; whoever asks answers for what is there.
 *
 * @throws Error when a file cannot be read, or when something is no file
 */
export async function approve(
  tx: Tx,
  command: Command & { keys: Signer },
  place: Place,
  what: {
    node: string
    version: string
    onMismatch: OnMismatch
    by: string
    also: readonly string[]
    surveyed?: Survey
  },
): Promise<Approval> {
  const { keys, ...acting } = command
  const { now } = acting
  const { node, version, onMismatch, by, also, surveyed = await survey(place.repository) } = what
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
  const written = writeManifest(
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
  written.put()
  return { digest, files: sums.size, keyFingerprint, changed: before ? changes.length : 0 }
}

/** Was any program ever approved here? Then a manifest that is missing is damage. */
export async function hasApproval(reader: Reader): Promise<boolean> {
  const [row] = await reader<Array<{ there: boolean }>>`select exists (select from program.approvals) as there`
  return row?.there ?? false
}

function sumsBefore(place: Place): Sums | undefined {
  const before = readManifest(place.manifest)
  try {
    return before && parseSums(before.list)
  } catch {
    return undefined
  }
}
