import { createHash } from 'node:crypto'
import { combine, split } from 'shamir-secret-sharing'
import { AgentRefusal } from './refusal.ts'

/** A share as it lies in memory: for which recovery key, how many are needed, and the share, as long as the secret. */
export type Share = { recovery: string; threshold: number; bytes: Buffer }

const recoveryBytes = 4
const checkBytes = 4
const shareBytes = 33 // a secret of 32 bytes, and the share's own place on the curve
const format = 1
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ' // without I, L, O, U, which people mistake (Crockford)

/** Full-length shares; fewer than `threshold` of them say nothing about the secret (Shamir 1979). */
export async function splitSecret(secret: Buffer, shares: number, threshold: number): Promise<Buffer[]> {
  return (await split(new Uint8Array(secret), shares, threshold)).map((share) => Buffer.from(share))
}

export async function joinShares(shares: readonly Buffer[]): Promise<Buffer> {
  return Buffer.from(await combine(shares.map((share) => new Uint8Array(share))))
}

/** As a person can write and type it: groups of four letters and digits, the last ones a checksum. */
export function printShare({ recovery, threshold, bytes }: Share): string {
  const content = Buffer.concat([Buffer.from([format]), Buffer.from(recovery, 'hex'), Buffer.from([threshold]), bytes])
  const whole = Buffer.concat([content, checksum(content)])
  return encode(whole)
    .match(/.{1,4}/g)!
    .join('-')
}

/** @throws AgentRefusal `keys.share_malformed` when it was mistyped */
export function readShare(text: string): Share {
  const whole = decode(text)
  const content = whole.subarray(0, -checkBytes)
  const length = 1 + recoveryBytes + 1 + shareBytes
  if (content.length !== length || content[0] !== format || !checksum(content).equals(whole.subarray(-checkBytes)))
    throw new AgentRefusal('keys.share_malformed', 'this is no share, or it was mistyped', 'invalid')
  return {
    recovery: content.subarray(1, 1 + recoveryBytes).toString('hex'),
    threshold: content[1 + recoveryBytes]!,
    bytes: Buffer.from(content.subarray(2 + recoveryBytes)),
  }
}

/** What is remembered of a share, to know it again; it gives nothing away, a share has 256 random bits. */
export function markOf(share: Buffer): string {
  return createHash('sha256').update('countroom-share-1|').update(share).digest('hex')
}

/** The short name of a recovery key. */
export function recoveryName(publicKey: Buffer): string {
  return createHash('sha256')
    .update('countroom-recovery-1|')
    .update(publicKey)
    .digest('hex')
    .slice(0, recoveryBytes * 2)
}

function checksum(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest().subarray(0, checkBytes)
}

function encode(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, '0')
  return bits
    .match(/.{5}/g)!
    .map((five) => alphabet[Number.parseInt(five, 2)])
    .join('')
}

function decode(text: string): Buffer {
  const letters = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  const bits = [...letters].map((letter) => alphabet.indexOf(letter))
  if (bits.some((value) => value < 0)) return Buffer.alloc(checkBytes)
  const whole = bits.map((value) => value.toString(2).padStart(5, '0')).join('')
  return Buffer.from((whole.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)))
}
