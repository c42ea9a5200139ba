import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Reader, Tx } from '#base'
import type { Keys } from './client.ts'
import { currentDek, type KeyedCommand, namedDek } from './dek.ts'
import { TamperedEnvelope } from './errors.ts'

/** Where an envelope lies; it opens nowhere else. */
export type Place = { player: string; purpose: string; table: string; column: string; row: string }

const format = 1
const algorithm = 1 // AES-256-GCM, 96-bit random nonce, 128-bit tag
const headerBytes = 1 + 1 + 4 + 12

/**
 * Seals a piece of personal data under the player's data key for the purpose. The result is
 * `format | algorithm | key version | nonce | ciphertext | tag`, bound to its place (NIST SP 800-38D).
 */
export async function seal(
  tx: Tx,
  command: KeyedCommand,
  sealed: Place & { plaintext: string | Buffer },
): Promise<Buffer> {
  const dek = await currentDek(tx, command, sealed.player, sealed.purpose)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(format, 0)
  header.writeUInt8(algorithm, 1)
  header.writeUInt32BE(dek.version, 2)
  const nonce = randomBytes(12)
  nonce.copy(header, 6)
  const cipher = createCipheriv('aes-256-gcm', dek.bytes, nonce, { authTagLength: 16 })
  cipher.setAAD(bound(sealed, dek.version))
  const ciphertext = Buffer.concat([cipher.update(sealed.plaintext), cipher.final()])
  return Buffer.concat([header, ciphertext, cipher.getAuthTag()])
}

/**
 * Opens an envelope at its place. The version in it chooses the key; no other is tried.
 *
 * @throws TamperedEnvelope when it was changed or moved; Refusal `keys.shredded` when its key was destroyed
 */
export async function open(reader: Reader, keys: Keys, sealed: Place & { envelope: Buffer }): Promise<Buffer> {
  const { envelope } = sealed
  const where = `${sealed.table}.${sealed.column}`
  if (envelope.length < headerBytes + 16 || envelope[0] !== format || envelope[1] !== algorithm)
    throw new TamperedEnvelope(where)
  const version = envelope.readUInt32BE(2)
  const dek = await namedDek(reader, keys, sealed.player, sealed.purpose, version)
  const decipher = createDecipheriv('aes-256-gcm', dek, envelope.subarray(6, headerBytes), { authTagLength: 16 })
  decipher.setAAD(bound(sealed, version))
  decipher.setAuthTag(envelope.subarray(-16))
  try {
    return Buffer.concat([decipher.update(envelope.subarray(headerBytes, -16)), decipher.final()])
  } catch (error) {
    throw new TamperedEnvelope(where, error)
  }
}

/** Every field with its length before it, so that no two places read alike. */
function bound(place: Place, version: number): Buffer {
  const fields = [
    'countroom-envelope-1',
    place.table,
    place.column,
    place.row,
    place.player,
    place.purpose,
    String(version),
  ]
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
