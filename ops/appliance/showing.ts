import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { pemParts } from '#base'
import { internalDomain, type Role, roleOf } from '#pki'
import type { Home } from './home.ts'

/** Shows the certificate of a component of this home, and believes who is called so, is of that role, and was not taken back. */
export function showing(home: Home, file: string, who: { name: string; role: Role }): ConnectionOptions {
  const read = (name: string) => readFileSync(home.path('tls', name))
  return {
    ca: read('ca.pem'),
    cert: read(`${file}.pem`),
    key: read(`${file}.key`),
    crl: pemParts(read('revoked.pem').toString(), 'X509 CRL'),
    servername: `${who.name}.${internalDomain}`,
    minVersion: 'TLSv1.3',
    checkServerIdentity: (name, certificate) =>
      checkServerIdentity(name, certificate) ??
      (roleOf(certificate.subjectaltname) === who.role
        ? undefined
        : new Error(`${name} is not of the role ${who.role}`)),
  }
}
