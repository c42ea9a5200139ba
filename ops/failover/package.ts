import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { z } from 'zod'
import { secretNames } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'

/**
 * What another machine needs to become a node of this cluster, and nobody else may have: settings, the passwords of the engines, first
 * certificates, and the keys as a backup holds them, which a quorum of custodians opens. Sealed under a code that goes another way.
 */
const contents = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  secrets: z.partialRecord(z.enum(secretNames), z.string()),
  /** Files of `tls/`, by name. */
  tls: z.record(z.string().regex(/^[a-z]+\.(pem|key)$/), z.string()),
  /** What the token is known by once it has the keys. */
  fingerprint: z.string(),
  /** The wrapped key of the repositories of backups, where there are any. */
  repositoryKey: z.string().optional(),
  /** A backup of keys, as `countroom keys join` takes it; an edge has none. */
  keys: z.string().optional(),
})
export type NodePackage = z.infer<typeof contents>

const format = z.strictObject({
  countroom: z.literal('node-package-1'),
  salt: z.base64(),
  nonce: z.base64(),
  sealed: z.base64(),
})
const scrypt = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
const tagBytes = 16

/** 100 bits, in groups for reading out. */
export function newCode(): string {
  const letters = 'ABCDEFGHJKMNPQRSTVWXYZ0123456789' // Crockford's, but for their order
  const drawn = [...randomBytes(20)].map((byte) => letters[byte % 32])
  return drawn.join('').replace(/(.{5})(?=.)/g, '$1-')
}

export function sealPackage(content: NodePackage, code: string): string {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(code, salt), nonce, { authTagLength: tagBytes })
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final(), cipher.getAuthTag()])
  const [saltText, nonceText, sealedText] = [salt, nonce, sealed].map((each) => each.toString('base64'))
  return `${JSON.stringify({ countroom: 'node-package-1', salt: saltText, nonce: nonceText, sealed: sealedText })}\n`
}

/** @throws Trouble when it is no package, was changed, or has another code */
export function openPackage(text: string, code: string): NodePackage {
  try {
    const { salt, nonce, sealed } = format.parse(JSON.parse(text))
    const bytes = Buffer.from(sealed, 'base64')
    const key = keyOf(code, Buffer.from(salt, 'base64'))
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: tagBytes })
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const clear = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()])
    return contents.parse(JSON.parse(clear.toString()))
  } catch (cause) {
    throw new Trouble('The package cannot be opened: it is another file, was changed, or has another code.', {
      setting: '<file>, --code',
      remedy: 'use file and code of one run of: npx countroom cluster invite',
      cause,
    })
  }
}

function keyOf(code: string, salt: Buffer): Buffer {
  return scryptSync(code.replaceAll('-', '').toUpperCase(), salt, 32, scrypt)
}
