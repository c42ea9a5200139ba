import { createHash, randomBytes } from 'node:crypto'

/** A bearer secret of 256 bits: handed out once, kept only as its digest. */
export function newSecret(): { secret: string; digest: Buffer } {
  const secret = randomBytes(32).toString('base64url')
  return { secret, digest: digestOf(secret) }
}

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
