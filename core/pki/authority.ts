import { X509Certificate } from 'node:crypto'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import type { Keys } from '#keys'
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
  const known = await authorities(tx)
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

/** Every certificate of the authority, newest first. */
export async function authorities(reader: Reader): Promise<Authority[]> {
  return await reader<Authority[]>`
    select serial, kind, key, issuer, not_before as "notBefore", not_after as "notAfter", certificate
    from pki.authorities order by not_after desc, serial`
}

/** What everybody trusts: the roots that have not ended, as PEM; more than one only while a root is being replaced. */
export async function anchors(reader: Reader, now: Date): Promise<string> {
  const roots = (await authorities(reader)).filter(({ kind, notAfter }) => kind === 'root' && notAfter > now)
  return roots.map(({ certificate }) => pemOfCertificate(certificate)).join('')
}

/** The authority that issues now; undefined before there is one. */
export async function issuingAuthority(
  reader: Reader,
  command: Pick<SigningCommand, 'keys' | 'now'>,
): Promise<Authority | undefined> {
  const key = await command.keys.active(families.issuing)
  return (await authorities(reader)).find(
    (each) => each.kind === 'issuing' && each.key === key && each.notAfter > command.now,
  )
}

export function pemOfCertificate(der: Buffer): string {
  return new X509Certificate(der).toString()
}

export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase()
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
