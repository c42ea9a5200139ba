import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

/**
 * Sealing to the recovery key: X25519, HKDF-SHA256, AES-256-GCM; `ephemeral key (32) | nonce (12) | ciphertext | tag (16)`.
 * Its private half is 32 bytes, so that a share of it is short enough to be typed by a person; an RSA key would not be.
 */
export type RecoveryPair = { secret: Buffer; publicKey: Buffer }

export function newRecoveryPair(): RecoveryPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return { secret: raw(privateKey, 'd'), publicKey: raw(publicKey, 'x') }
}

/** The public half that belongs to a secret. */
export function publicOf(secret: Buffer): Buffer {
  return raw(createPublicKey(privateKeyOf(secret)), 'x')
}

export function sealTo(recipient: Buffer, plaintext: Buffer, bound: Buffer): Buffer {
  const ephemeral = generateKeyPairSync('x25519')
  const ephemeralKey = raw(ephemeral.publicKey, 'x')
  const key = agree(ephemeral.privateKey, publicKeyOf(recipient), Buffer.concat([ephemeralKey, recipient]))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(bound)
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()])
  key.fill(0)
  return Buffer.concat([ephemeralKey, nonce, sealed, cipher.getAuthTag()])
}

/** @throws Error when it was sealed to another key, changed, or bound to something else */
export function openSealed(secret: Buffer, sealed: Buffer, bound: Buffer): Buffer {
  if (sealed.length <= 32 + 12 + 16) throw new Error('too short')
  const ephemeralKey = sealed.subarray(0, 32)
  const key = agree(privateKeyOf(secret), publicKeyOf(ephemeralKey), Buffer.concat([ephemeralKey, publicOf(secret)]))
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(32, 44), { authTagLength: 16 })
  decipher.setAAD(bound)
  decipher.setAuthTag(sealed.subarray(-16))
  key.fill(0)
  return Buffer.concat([decipher.update(sealed.subarray(44, -16)), decipher.final()])
}

/** The key under which sealed copies are authenticated: whoever holds the recovery key can derive it, nobody else. */
export function copiesKeyOf(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'countroom-copies-1', 32))
}

function agree(privateKey: KeyObject, publicKey: KeyObject, salt: Buffer): Buffer {
  const shared = diffieHellman({ privateKey, publicKey })
  const key = Buffer.from(hkdfSync('sha256', shared, salt, 'countroom-sealed-1', 32))
  shared.fill(0)
  return key
}

function raw(key: KeyObject, part: 'x' | 'd'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }, format: 'jwk' })
}

function privateKeyOf(secret: Buffer): KeyObject {
  const prefix = Buffer.from('302e020100300506032b656e04220420', 'hex') // RFC 8410, PKCS #8 of an X25519 key
  return createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' })
}
