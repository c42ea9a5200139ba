import { type KeyObject, X509Certificate } from 'node:crypto'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { type Keys, KeysRefused } from '#keys'
import { daySeconds, issuingDays, rootDays } from './policy.ts'

/** A command of who may let the token sign for the authority. */
export type SigningCommand = Command & { readonly keys: Keys }

export type Authority = {
  serial: string
  kind: 'root' | 'issuing'
  /** The epoch of the token's key that signs. */
  key: string
  /** The serial of the root above; its own for a root. */
  issuer: string
  notBefore: Date
  notAfter: Date
  /** DER. */
  certificate: Buffer
}

const families = { root: 'sk-ca-root', issuing: 'sk-ca-issuing' } as const
const hourMs = 3_600_000

/**
 * Root and issuing authority under the token's active keys; makes what is missing, grows old, or whose key was rotated.
 * Only a process that may use the key of the root can make one.
 */
export async function ensureAuthorities(
  tx: Tx,
  command: SigningCommand,
): Promise<{ root: Authority; issuing: Authority; made: string[] }> {
  await tx`select pg_advisory_xact_lock(hashtext('pki.authorities'))`
  const rootKey = await activeKey(command, families.root)
  const issuingKey = await activeKey(command, families.issuing)
  const known = await authorities(tx, command)
  const made: string[] = []
  const end = (days: number) => new Date(command.now.getTime() + days * daySeconds * 1000)

  let root = known.find((each) => each.kind === 'root' && isOf(each, rootKey) && each.notAfter > end(issuingDays))
  if (!root) {
    const { encodeRoot } = await import('./encode.ts')
    const period = { notBefore: new Date(command.now.getTime() - hourMs), notAfter: end(rootDays) }
    const certificate = await encodeRoot(command.keys, rootKey.key, rootKey.spki, period)
    root = await keep(tx, command, { kind: 'root', key: rootKey.key, certificate })
    made.push('root')
  }
  const above = root
  let issuing = known.find(
    (each) =>
      each.kind === 'issuing' &&
      isOf(each, issuingKey) &&
      each.issuer === above.serial &&
      each.notAfter > end(issuingDays / 3),
  )
  if (!issuing) {
    const { encodeIssuing } = await import('./encode.ts')
    const period = { notBefore: new Date(command.now.getTime() - hourMs), notAfter: end(issuingDays) }
    const certificate = await encodeIssuing(command.keys, above, issuingKey.spki, period)
    issuing = await keep(tx, command, { kind: 'issuing', key: issuingKey.key, certificate, issuer: above.serial })
    made.push('issuing')
  }
  return { root, issuing, made }
}

/**
 * Every certificate of the authority, newest first. A row is believed for the token's sake and not the table's: a root is of a
 * root key of the token and signed by it, an issuing authority of an issuing key and signed by such a root.
 */
export async function authorities(reader: Reader, { keys }: Pick<SigningCommand, 'keys'>): Promise<Authority[]> {
  const rows = await reader<Authority[]>`
    select serial, kind, key, issuer, not_before as "notBefore", not_after as "notAfter", certificate
    from pki.authorities order by not_after desc, serial`
  const publicKeys = new Map<string, KeyObject | undefined>()
  for (const { kind, key } of rows)
    if (!publicKeys.has(key))
      publicKeys.set(key, isEpochOf(families[kind], key) ? await publicKeyOf(keys, key) : undefined)
  const signed = (row: Authority, by: string) => {
    const [own, above] = [publicKeys.get(row.key), publicKeys.get(by)]
    return own !== undefined && above !== undefined && isMadeOf(row, own, above)
  }
  const roots = rows.filter((row) => row.kind === 'root' && row.issuer === row.serial && signed(row, row.key))
  const keyOf = new Map(roots.map(({ serial, key }) => [serial, key]))
  return rows.filter((row) => (row.kind === 'root' ? keyOf.has(row.serial) : signed(row, keyOf.get(row.issuer) ?? '')))
}

/** What everybody trusts: the roots that have not ended, as PEM; more than one only while a root is being replaced. */
export async function anchors(reader: Reader, command: Pick<SigningCommand, 'keys' | 'now'>): Promise<string> {
  const roots = (await authorities(reader, command)).filter(
    (each) => each.kind === 'root' && each.notAfter > command.now,
  )
  return roots.map(({ certificate }) => pemOfCertificate(certificate)).join('')
}

/** The authority that issues now; undefined before there is one. */
export async function issuingAuthority(
  reader: Reader,
  command: Pick<SigningCommand, 'keys' | 'now'>,
): Promise<Authority | undefined> {
  const key = await command.keys.active(families.issuing)
  return (await authorities(reader, command)).find(
    (each) => each.kind === 'issuing' && each.key === key && each.notAfter > command.now,
  )
}

export function pemOfCertificate(der: Buffer): string {
  return new X509Certificate(der).toString()
}

export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase()
}

/** Is a row what it says, of this key, and signed by that one? */
function isMadeOf({ serial, notBefore, notAfter, certificate }: Authority, own: KeyObject, above: KeyObject): boolean {
  try {
    const read = new X509Certificate(certificate)
    return (
      read.ca &&
      serialOf(read) === serial &&
      read.validFromDate.getTime() === notBefore.getTime() &&
      read.validToDate.getTime() === notAfter.getTime() &&
      read.publicKey.equals(own) &&
      read.verify(above)
    )
  } catch {
    return false
  }
}

function isEpochOf(family: string, key: string): boolean {
  return key.startsWith(`${family}-`) && /^\d+$/.test(key.slice(family.length + 1))
}

/** Undefined for a key the token has not, or has no more. An agent that does not answer is no answer about a key. */
async function publicKeyOf(keys: Keys, key: string): Promise<KeyObject | undefined> {
  try {
    return await keys.publicKey(key)
  } catch (error) {
    if (error instanceof KeysRefused && ['keys.unknown_key', 'keys.refused'].includes(error.code)) return undefined
    throw error
  }
}

type ActiveKey = { key: string; spki: Buffer }

async function activeKey({ keys }: SigningCommand, family: string): Promise<ActiveKey> {
  const key = await keys.active(family)
  return { key, spki: (await keys.publicKey(key)).export({ format: 'der', type: 'spki' }) }
}

function isOf({ key, certificate }: Authority, wanted: ActiveKey): boolean {
  const spki = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' })
  return key === wanted.key && spki.equals(wanted.spki)
}

async function keep(
  tx: Tx,
  command: Command,
  made: { kind: 'root' | 'issuing'; key: string; certificate: Buffer; issuer?: string },
): Promise<Authority> {
  const read = new X509Certificate(made.certificate)
  const serial = serialOf(read)
  const authority: Authority = {
    ...made,
    serial,
    issuer: made.issuer ?? serial,
    notBefore: read.validFromDate,
    notAfter: read.validToDate,
  }
  await tx`
    insert into pki.authorities (serial, kind, key, issuer, not_before, not_after, certificate)
    values (${serial}, ${made.kind}, ${made.key}, ${authority.issuer}, ${authority.notBefore}, ${authority.notAfter}, ${made.certificate})`
  await audit.record(tx, command, {
    action: 'pki.authority_made',
    subject: serial,
    detail: { kind: made.kind, key: made.key, notAfter: authority.notAfter.toISOString() },
  })
  return authority
}
