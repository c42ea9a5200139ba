import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { type Reader, Refusal, type Tx } from '#base'
import type { Keys } from './client.ts'
import { currentDek, type Dek, type KeyedCommand, namedDek, type Purpose } from './dek.ts'
import { TamperedEnvelope } from './errors.ts'

/** Where an envelope lies; it opens nowhere else. */
export type Place = { player: string; purpose: Purpose; table: string; column: string; row: string }

/** `committing`: the envelope opens under one key only, for places where somebody could offer several. Costs twice as much. */
export type Sealing = Place & { plaintext: string | Buffer; committing?: boolean }

/*
 * format (1) | algorithm (1) | version of the data key (4) | nonce (12) | [salt (32) | commitment (32)] | ciphertext | tag (16)
 *
 * Algorithm 1 is AES-256-GCM under the data key, with a random 96-bit nonce and a 128-bit tag (NIST SP 800-38D). Algorithm 2
 * is the same under a key of its own for each envelope, derived together with a commitment by HKDF-SHA512 (RFC 5869) from
 * the data key and a random salt, as the AWS Encryption SDK does it: GCM alone lets a ciphertext open under two keys.
 */
const format = 1
const plain = 1
const committing = 2
const nonceAt = 6
const nonceBytes = 12
const headerBytes = nonceAt + nonceBytes
const saltBytes = 32
const commitmentBytes = 32
const tagBytes = 16

/** Seals a piece of personal data under the player's newest data key for the purpose; makes that key if there is none. */
export async function seal(tx: Tx, command: KeyedCommand, sealing: Sealing): Promise<Buffer> {
  return sealUnder(await currentDek(tx, command, sealing.player, sealing.purpose), sealing)
}

/**
 * Opens an envelope at its place. The version in it chooses the key; no other is tried.
 *
 * @throws TamperedEnvelope when it was changed or moved; Refusal `keys.shredded` when its key was destroyed
 */
export async function open(reader: Reader, keys: Keys, sealed: Place & { envelope: Buffer }): Promise<Buffer> {
  const version = versionOf(sealed)
  return openUnder(await namedDek(reader, keys, { ...sealed, version, where: whereOf(sealed) }), sealed)
}

/** The same where what was erased is to be told from the rest: undefined for it. @throws TamperedEnvelope */
export async function openIfKept(
  reader: Reader,
  keys: Keys,
  sealed: Place & { envelope: Buffer },
): Promise<Buffer | undefined> {
  try {
    return await open(reader, keys, sealed)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'keys.shredded') return undefined
    throw error
  }
}

/** The same under a data key in hand, for several pieces of one player; nothing is asked of anybody. */
export function sealUnder(dek: Dek, sealing: Sealing): Buffer {
  const { plaintext, ...place } = sealing
  const salt = sealing.committing ? randomBytes(saltBytes) : undefined
  const derived = salt && derive(dek.key, salt)
  const bodyAt = headerBytes + (salt ? saltBytes + commitmentBytes : 0)
  const head = Buffer.allocUnsafe(bodyAt)
  head[0] = format
  head[1] = salt ? committing : plain
  head.writeUInt32BE(dek.version, 2)
  takeNonce(head)
  if (salt && derived) {
    salt.copy(head, headerBytes)
    derived.commitment.copy(head, headerBytes + saltBytes)
  }
  const nonce = head.subarray(nonceAt, headerBytes)
  const cipher = createCipheriv('aes-256-gcm', derived?.key ?? dek.key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(bound(place, dek.version))
  const body = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([head, body, cipher.getAuthTag()])
}

/** @throws TamperedEnvelope when it was changed, moved or sealed under another key; all look alike */
export function openUnder(dek: Dek, sealed: Place & { envelope: Buffer }): Buffer {
  const { envelope, ...place } = sealed
  if (versionOf(sealed) !== dek.version) throw new TamperedEnvelope(whereOf(place))
  try {
    const { key, bodyAt } = keyOf(dek.key, envelope)
    const nonce = envelope.subarray(nonceAt, headerBytes)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(bound(place, dek.version))
    decipher.setAuthTag(envelope.subarray(-tagBytes))
    const plaintext = decipher.update(envelope.subarray(bodyAt, -tagBytes))
    decipher.final()
    return plaintext
  } catch (error) {
    throw new TamperedEnvelope(whereOf(place), error)
  }
}

function versionOf(sealed: Place & { envelope: Buffer }): number {
  const { envelope } = sealed
  const known = envelope.length >= headerBytes + tagBytes && envelope[0] === format
  if (!known || (envelope[1] !== plain && envelope[1] !== committing)) throw new TamperedEnvelope(whereOf(sealed))
  return envelope.readUInt32BE(2)
}

function keyOf(dek: KeyObject, envelope: Buffer): { key: KeyObject; bodyAt: number } {
  if (envelope[1] === plain) return { key: dek, bodyAt: headerBytes }
  const commitmentAt = headerBytes + saltBytes
  const bodyAt = commitmentAt + commitmentBytes
  if (envelope.length < bodyAt + tagBytes) throw new Error('cut short')
  const { key, commitment } = derive(dek, envelope.subarray(headerBytes, commitmentAt))
  if (!timingSafeEqual(commitment, envelope.subarray(commitmentAt, bodyAt))) throw new Error('sealed under another key')
  return { key, bodyAt }
}

const derivedFor = Buffer.from('countroom-envelope-1|aes-256-gcm|commitment')

function derive(dek: KeyObject, salt: Buffer): { key: KeyObject; commitment: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha512', dek, salt, derivedFor, 32 + commitmentBytes))
  const key = createSecretKey(bytes.subarray(0, 32))
  return { key, commitment: bytes.subarray(32) }
}

const nonces = { page: Buffer.alloc(0), taken: 0 }

/** Random and never a counter; asked of the generator by the page, because a call for each costs as much as the sealing. */
function takeNonce(head: Buffer): void {
  if (nonces.taken === nonces.page.length) {
    nonces.page = randomBytes(nonceBytes * 256)
    nonces.taken = 0
  }
  nonces.page.copy(head, nonceAt, nonces.taken, nonces.taken + nonceBytes)
  nonces.taken += nonceBytes
}

/** What an envelope is bound to: every field with its length before it (four bytes), so that no two places read alike. */
function bound(place: Place, version: number): Buffer {
  const { table, column, row, player, purpose } = place
  const fields = ['countroom-envelope-1', table, column, row, player, purpose, String(version)]
  let length = 0
  for (const field of fields) length += 4 + field.length * 3 // no character of a string takes more
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const field of fields) {
    const written = bytes.write(field, at + 4, 'utf8')
    bytes.writeUInt32BE(written, at)
    at += 4 + written
  }
  return bytes.subarray(0, at)
}

function whereOf({ table, column }: Place): string {
  return `${table}.${column}`
}
