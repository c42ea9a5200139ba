import { X509Certificate } from 'node:crypto'
import { isRole, type Role } from './policy.ts'

/**
 * The role a certificate speaks of, from its alternative names as Node writes them; undefined when it names none, or more
 * than one. Only for a certificate that was verified. Node quotes a value that could be mistaken for two.
 */
export function roleOf(subjectAltName: string | undefined): Role | undefined {
  const named = (subjectAltName ?? '').split(', ').flatMap((name) => {
    const role = /^URI:urn:countroom:role:([a-z]+)$/.exec(name)?.[1]
    return role === undefined ? [] : [role]
  })
  const [only] = named
  return named.length === 1 && only !== undefined && isRole(only) ? only : undefined
}

/** From when to when a certificate is good; of a chain, the first. */
export function periodOf(pem: string | Buffer): { notBefore: Date; notAfter: Date } {
  const { validFromDate, validToDate } = new X509Certificate(pem)
  return { notBefore: validFromDate, notAfter: validToDate }
}
