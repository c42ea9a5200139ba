import { createHash, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { type Element, element, elements, tags } from './der.ts'

/** The Online Certificate Status Protocol (RFC 6960), as far as a server asks about its own certificate. */

const sha1Oid = Buffer.from('2b0e03021a', 'hex') // what certificates are named by there (RFC 5019, 2.1.1); nothing is signed over it
const signingUse = '1.3.6.1.5.5.7.3.9'
/** Clocks differ. */
const skewMs = 5 * 60_000

/** By the OIDs of signatures: over what. */
const digests: Readonly<Record<string, string | null>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null, // Ed25519
}

/** Where a certificate says that it can be asked about; undefined where it does not. */
export function responderOf(certificate: X509Certificate): string | undefined {
  return /^OCSP - URI:(http:\/\/\S+)$/m.exec(certificate.infoAccess ?? '')?.[1]
}

export function requestFor(certificate: X509Certificate, issuer: X509Certificate): Buffer {
  const id = element(
    tags.sequence,
    element(tags.sequence, element(tags.oid, sha1Oid), element(tags.null)),
    ...idOf(certificate, issuer),
  )
  return element(tags.sequence, element(tags.sequence, element(tags.sequence, element(tags.sequence, id))))
}

/**
 * Takes an answer that is about this certificate, signed by its issuer or by whom that named for it, current, and good: anything else would
 * make clients refuse the certificate that it comes with. Answers until when it may be shown.
 *
 * @throws Error what is wrong with it
 */
export function readAnswer(
  answer: Buffer,
  certificate: X509Certificate,
  issuer: X509Certificate,
  nowMs: number,
): { endsMs: number } {
  const [outer] = elements(answer)
  const [status, bytes] = elements(outer?.body)
  if (status?.body[0] !== 0) throw new Error(`the responder says ${status?.body[0]}`)
  const [, octets] = elements(elements(bytes?.body)[0]?.body)
  const [data, algorithm, signature, certificates] = elements(elements(octets?.body)[0]?.body)
  const oid = elements(algorithm?.body)[0]?.body.toString('hex') ?? ''
  if (!(oid in digests)) throw new Error('it is signed in a way that is not taken')
  const signers = [issuer.publicKey, ...delegates(certificates, issuer, nowMs)]
  if (!signers.some((key) => isSigned(data!, signature!, digests[oid]!, key)))
    throw new Error('nobody entitled signed it')
  return read(data!, certificate, issuer, nowMs)
}

function read(data: Element, certificate: X509Certificate, issuer: X509Certificate, nowMs: number): { endsMs: number } {
  const responses = elements(data.body).find(({ type }) => type === tags.sequence)
  for (const response of elements(responses?.body)) {
    const [id, status, begins, ends] = elements(response.body)
    const [, ...named] = elements(id?.body)
    if (!Buffer.concat(named.map(({ whole }) => whole)).equals(Buffer.concat(idOf(certificate, issuer)))) continue
    if (status?.type !== 0x80) throw new Error('the certificate is not good by it')
    const endsMs = ends?.type === 0xa0 ? timeOf(elements(ends.body)[0]) : Number.NaN
    if (!(timeOf(begins) <= nowMs + skewMs && endsMs > nowMs)) throw new Error('it is not of now')
    return { endsMs }
  }
  throw new Error('it is about another certificate')
}

/** The hashes of the issuer's name and key, and the serial: how a certificate is named. */
function idOf(certificate: X509Certificate, issuer: X509Certificate): Buffer[] {
  const its = partsOf(certificate)
  const hash = (bytes: Buffer) => element(tags.octets, createHash('sha1').update(bytes).digest())
  return [hash(its[2]!.whole), hash(elements(partsOf(issuer)[5]!.body)[1]!.body.subarray(1)), its[0]!.whole]
}

/** Of what is signed in a certificate, behind its version: serial, algorithm, issuer, validity, subject, key. */
function partsOf(certificate: X509Certificate): Element[] {
  const parts = elements(elements(elements(certificate.raw)[0]!.body)[0]!.body)
  return parts[0]!.type === 0xa0 ? parts.slice(1) : parts
}

/** Whom the issuer lets answer in its place. */
function delegates(sent: Element | undefined, issuer: X509Certificate, nowMs: number): KeyObject[] {
  return elements(elements(sent?.body)[0]?.body)
    .map(({ whole }) => new X509Certificate(whole))
    .filter(
      (each) =>
        each.checkIssued(issuer) &&
        each.verify(issuer.publicKey) &&
        (each.keyUsage ?? []).includes(signingUse) &&
        each.validFromDate.getTime() <= nowMs + skewMs &&
        each.validToDate.getTime() > nowMs,
    )
    .map((each) => each.publicKey)
}

function isSigned({ whole }: Element, signature: Element, digest: string | null, key: KeyObject): boolean {
  try {
    return verify(digest, whole, key, signature.body.subarray(1))
  } catch {
    return false // a key of another kind
  }
}

/** @throws Error where it is no time */
function timeOf(element: Element | undefined): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(element?.body.toString('latin1') ?? '') ?? []
  if (parts.length === 0) throw new Error('it names no time')
  const [year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
