import { createHash, verify, X509Certificate } from 'node:crypto'
import type { Reader } from '#base'
import { digestOf } from '#keys'
import { authorities, type SigningCommand, serialOf } from './authority.ts'
import { roleOf } from './identity.ts'
import type { Role } from './policy.ts'

/** A request as it stands in the table, which a process that was taken over can write to. */
export type Asked = {
  component: string
  role: Role
  spki: Buffer
  /** The digest of the token it used up, when that was offered to this component. */
  offer: Buffer | null
  renews: string | null
  /** DER of the certificate it renews, when that is this component's and was not taken back. */
  renewed: Buffer | null
  proof: Buffer | null
  signedAt: Date | null
}

/** What an offer is kept as, and what only the holder of its token can show for it later: neither is the token. */
export function digestsOf(token: string): { offer: Buffer; proof: Buffer } {
  const proof = digestOf(token)
  return { proof, offer: digestOf(proof.toString('hex')) }
}

/** What a component signs with the key it has, to renew its certificate for another key. */
export function renewalStatement(serial: string, spki: Buffer, at: Date): Buffer {
  const digest = createHash('sha256').update(spki).digest('hex')
  return Buffer.from(`countroom-pki-renewal-1\n${serial}\n${digest}\n${at.toISOString()}\n`)
}

/** Did the component itself ask: with its token, or with the key of a certificate that the authority made and that is good? */
export async function isProven(
  reader: Reader,
  command: Pick<SigningCommand, 'keys' | 'now'>,
  asked: Asked,
): Promise<boolean> {
  const { proof, offer, renews, renewed, signedAt, spki } = asked
  if (!proof) return false
  if (renews === null) return offer !== null && digestOf(proof.toString('hex')).equals(offer)
  if (!renewed || !signedAt) return false
  const present = new X509Certificate(renewed)
  if (serialOf(present) !== renews || roleOf(present.subjectAltName) !== asked.role) return false
  if (present.validToDate <= command.now) return false
  const makers = (await authorities(reader, command)).filter(({ kind }) => kind === 'issuing')
  return (
    makers.some(({ certificate }) => present.verify(new X509Certificate(certificate).publicKey)) &&
    verify('sha256', renewalStatement(renews, spki, signedAt), present.publicKey, proof)
  )
}
