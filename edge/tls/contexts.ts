import { constants } from 'node:crypto'
import type { PeerCertificate } from 'node:tls'
import { type ConnectionOptions, checkServerIdentity, type SecureContextOptions } from 'node:tls'
import type { TlsParts } from './files.ts'

const { SSL_OP_NO_RENEGOTIATION: noRenegotiation, SSL_OP_NO_TICKET: noTicket } = constants

/** TLS 1.3 and 1.2, forward secrecy only, AEAD only, curves and order as widely recommended. */
export function publicTls(parts: SecureContextOptions): SecureContextOptions {
  return {
    ...parts,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ].join(':'),
    ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384', // the first is safe from who keeps it for a quantum computer
    sessionTimeout: 4 * 3600,
    honorCipherOrder: true,
    // A session that is resumed is not verified again: a person whose certificate was taken back would be let in. And whoever asks to
    // shake hands anew and anew has us work more than they do.
    secureOptions: noRenegotiation | (parts.crl ? noTicket : 0),
  }
}

/** Inside: TLS 1.3, and no session is resumed, because a resumed one is not verified again. */
export function privateTls(parts: TlsParts): SecureContextOptions {
  return { ...parts, minVersion: 'TLSv1.3', secureOptions: noTicket }
}

/** How the edge meets a core, or another component: its own certificate, the appliance's authority, the other's name and role, and not taken back. */
export function coreTls(parts: TlsParts, core: string): ConnectionOptions {
  return insideTls(parts, core, 'core')
}

export function insideTls(parts: TlsParts, component: string, role: string): ConnectionOptions {
  return {
    ...parts,
    servername: `${component}.countroom.internal`,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity: (name, certificate) =>
      checkServerIdentity(name, certificate) ??
      (hasRole(certificate, [role]) ? undefined : new Error(`${name} is not a ${role}`)),
  }
}

/** Does a verified certificate name exactly one role, and one of these? Node quotes a name that could be mistaken for two. */
export function hasRole(certificate: Pick<PeerCertificate, 'subjectaltname'>, roles: readonly string[]): boolean {
  const named = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:urn:countroom:role:'))
  return named.length === 1 && roles.some((role) => named[0] === `URI:urn:countroom:role:${role}`)
}
