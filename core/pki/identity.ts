import { X509Certificate } from 'node:crypto'
import { roleNamed } from '#base'
import { isRole, type Role } from './policy.ts'

/** The role a certificate speaks of; undefined when it names none of ours, or more than one. Only for a certificate that was verified. */
export function roleOf(subjectAltName: string | undefined): Role | undefined {
  const named = roleNamed(subjectAltName)
  return named !== undefined && isRole(named) ? named : undefined
}

/** From when to when a certificate is good; of a chain, the first. */
export function periodOf(pem: string | Buffer): { notBefore: Date; notAfter: Date } {
  const { validFromDate, validToDate } = new X509Certificate(pem)
  return { notBefore: validFromDate, notAfter: validToDate }
}
