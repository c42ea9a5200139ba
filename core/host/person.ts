import * as pki from '#pki'
import type * as staff from '#staff'
import { certificateForeign } from '#staff'
import type { FaceContext } from './face.ts'
import type { Host } from './host.ts'
import { readCertificate } from './oauth/certificate.ts'

/** Set by the edge alone, for a certificate it verified; it drops what strangers send under this name. */
const certificateHeader = 'x-person-certificate'

/**
 * Whose certificate was shown at the back office. One that was taken back is nobody's from that moment on, also where its connection
 * is still open.
 *
 * @throws Refusal `staff.certificate_foreign` for one that is no good certificate of a person
 */
export async function certificateShown(host: Host, c: FaceContext): Promise<staff.Shown> {
  const required = host.config.operatorCertificates
  const told = c.req.header(certificateHeader)
  if (!told) return { person: undefined, required }
  const certificate = readCertificate(told)
  const role = pki.roleOf(certificate?.subjectAltName)
  const person =
    certificate && role && pki.roles[role].people
      ? await pki.isGood(host.sql, certificate.serialNumber.toLowerCase(), certificate.raw, host.now())
      : undefined
  if (person === undefined) throw certificateForeign(undefined)
  return { person, required }
}
