import { type KeyObject, verify } from 'node:crypto'

/**
 * Is this the signature of a message, by whatever algorithm the key has: Ed25519, or ECDSA P-256 over SHA-256 as `r || s`?
 * Exactly 64 bytes, whatever a module would let pass.
 */
export function isSigned(publicKey: KeyObject, message: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false
  const hash = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return verify(hash, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}
