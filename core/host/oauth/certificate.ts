import { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import * as pki from '#pki'
import type { Host } from '../host.ts'

/** Set by the edge alone, for a certificate it verified: of our authority, of role `client`, not taken back. */
const certificateHeader = 'x-client-certificate'

/**
 * The certificate a client showed to the edge, which the header can be believed about: only the edge gets through the handshake
 * of a face, and it drops what strangers send under this name.
 */
export function certificateOf(headers: IncomingHttpHeaders): X509Certificate | undefined {
  const told = headers[certificateHeader]
  return typeof told === 'string' ? readCertificate(told) : undefined
}

/** A certificate as the edge tells of it; undefined where it is none. */
export function readCertificate(told: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(told, 'base64'))
  } catch {
    return undefined
  }
}

/**
 * Forgets a certificate that was taken back since the edge let its connection in: a connection may last, and what is taken back
 * is so at once.
 */
export async function forgetTakenBack(host: Host, headers: IncomingHttpHeaders): Promise<void> {
  if (headers[certificateHeader] === undefined) return
  const shown = certificateOf(headers)
  if (!shown || !(await pki.isGood(host.sql, shown.serialNumber.toLowerCase(), shown.raw, host.now())))
    delete headers[certificateHeader]
}

/** Is this name one of the certificate's own? By its list of names, never by its subject. */
export function hasName(certificate: X509Certificate, name: string): boolean {
  return (certificate.subjectAltName ?? '').split(', ').includes(`DNS:${name}`)
}

/** RFC 8705 3.1: what a token is bound to. */
export function thumbprintOf(certificate: X509Certificate): string {
  return Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
}
