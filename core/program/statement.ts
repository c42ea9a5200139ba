import { type KeyObject, verify as verifySignature } from 'node:crypto'
import type { Keys } from '#keys'

/** What a node does when a start finds another program than was approved: not serve, or serve and raise the alarm. */
export type OnMismatch = 'refuse' | 'alarm'

export type Statement = {
  node: string
  version: string
  approvedAt: string
  onMismatch: OnMismatch
  /** The key of the token that signs. */
  key: string
  /** SHA-256 of the list of sums. */
  digest: string
}

const remarks = ['node', 'version', 'approved', 'on mismatch', 'key'] as const

/** A list of one sum, that of the list, so that `sha256sum -c` checks it as well; the rest are remarks to it. */
export function printStatement(statement: Statement, listFile: string): string {
  const { node, version, approvedAt, onMismatch, key, digest } = statement
  const values = [node, version, approvedAt, onMismatch, key]
  if (values.some((value) => /[\r\n]/.test(value)))
    throw new Error('A statement holds one line for each of its values.')
  const lines = remarks.map((remark, index) => `# ${remark}: ${values[index]}\n`)
  return `# countroom manifest 1\n${lines.join('')}${digest}  ${listFile}\n`
}

/** @throws Error when it is no statement of this version */
export function parseStatement(text: string): Statement {
  const of = (remark: (typeof remarks)[number]) => new RegExp(`^# ${remark}: (.*)$`, 'm').exec(text)?.[1]
  const [node, version, approvedAt, onMismatch, key] = remarks.map(of)
  const digest = /^([0-9a-f]{64}) {2}/m.exec(text)?.[1]
  if (!text.startsWith('# countroom manifest 1\n') || !node || !version || !approvedAt || !key || !digest)
    throw new Error('not a statement of a manifest')
  return { node, version, approvedAt, onMismatch: onMismatch === 'refuse' ? 'refuse' : 'alarm', key, digest }
}

/** The signature as `openssl` takes it: Ed25519 as it is, ECDSA in DER. */
export async function signStatement(keys: Signer, key: string, text: string): Promise<Buffer> {
  const { algorithm, signature } = await keys.signMessage(key, Buffer.from(text))
  return algorithm === 'ed25519' ? signature : derOf(signature)
}

export function isSigned(text: string, signature: Buffer, key: KeyObject): boolean {
  try {
    const message = Buffer.from(text)
    if (key.asymmetricKeyType === 'ed25519') return verifySignature(null, message, key, signature)
    return verifySignature('sha256', message, { key, dsaEncoding: 'der' }, signature)
  } catch {
    return false // what is no signature at all is none of ours
  }
}

export const manifestKey = 'sk-manifest'
export type Signer = Pick<Keys, 'signMessage' | 'publicKey' | 'active'>

/** r and s, 32 bytes each, as the sequence of two integers. */
function derOf(raw: Buffer): Buffer {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].map((half) => {
    const bare = half.subarray(
      Math.max(
        0,
        half.findIndex((byte) => byte !== 0),
      ),
    )
    const value = (bare[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare
    return Buffer.concat([Buffer.of(2, value.length), value])
  })
  const body = Buffer.concat(integers)
  return Buffer.concat([Buffer.of(0x30, body.length), body])
}
