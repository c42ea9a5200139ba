import { type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import type { Keys, SignatureAlgorithm } from '#keys'

/**
 * A record of a drill with the signature of the casino's token. `record` is the text that was signed, a JSON document; so nobody has to
 * agree on how JSON is written. The key is the one that signs the manifest of the program; what it signs begins with what it is.
 */
export type Evidence = {
  format: 'countroom-evidence-1'
  record: string
  key: string
  algorithm: SignatureAlgorithm
  signature: string
  /** SubjectPublicKeyInfo, base 64, for the convenience of whoever finds it; nobody believes it for standing here. */
  spki: string
}

const evidenceKey = 'sk-manifest'

const shape = z.strictObject({
  format: z.literal('countroom-evidence-1'),
  record: z.string(),
  key: z.string(),
  algorithm: z.enum(['ed25519', 'ecdsa-p256-sha256']),
  signature: z.string(),
  spki: z.string(),
})

/** Signs a record. @throws Refusal `keys.unavailable` */
export async function signEvidence(
  keys: Pick<Keys, 'active' | 'signMessage' | 'publicKey'>,
  record: object,
): Promise<Evidence> {
  const text = JSON.stringify(record)
  const { key, algorithm, signature } = await keys.signMessage(await keys.active(evidenceKey), signed(text))
  const spki = (await keys.publicKey(key)).export({ format: 'der', type: 'spki' })
  return {
    format: 'countroom-evidence-1',
    record: text,
    key,
    algorithm,
    signature: signature.toString('base64'),
    spki: spki.toString('base64'),
  }
}

/** @throws Error when it is no evidence */
export function readEvidence(text: string): Evidence {
  return shape.parse(JSON.parse(text))
}

/** Whether it is signed by this very key, whatever key it brings along. */
export function isEvidenceOf({ record, algorithm, signature }: Evidence, key: KeyObject): boolean {
  try {
    const bytes = Buffer.from(signature, 'base64')
    if (key.asymmetricKeyType === 'ed25519') return algorithm === 'ed25519' && verify(null, signed(record), key, bytes)
    return verify('sha256', signed(record), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  } catch {
    return false // what is no signature at all is none of ours
  }
}

function signed(record: string): Buffer {
  return Buffer.from(`countroom-evidence-1\n${record}`)
}
