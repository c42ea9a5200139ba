import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import type { Use } from './catalogue.ts'
import { type Handle, type Module, TokenRefusal } from './module.ts'
import {
  type Kind,
  passingDataKey,
  readAttribute,
  spkiOfPoint,
  type Template,
  templateOf,
  type Usage,
} from './objects.ts'

export const dekBytes = 32
const messageBytesMax = 64 * 1024

/** Finds the object of a key in the token. */
type Finder = (kind: Kind) => Handle

type Common = {
  readonly use: Use
  /** The PKCS#11 mechanisms it stands on. */
  readonly needs: readonly number[]
  /** CKA_KEY_TYPE of the secret or private half, and how long a secret is. */
  readonly keyType: number
  readonly bytes?: number
  /** The objects a key of this mechanism consists of, and what each is used for. */
  readonly parts: Partial<Record<Kind, readonly Usage[]>>
  generate(module: Module, session: Handle, name: string, stored?: boolean): Partial<Record<Kind, Handle>>
  spki?(module: Module, session: Handle, find: Finder): Buffer
}

export type Wrapping = Common & {
  readonly use: 'wrap'
  wrap(module: Module, session: Handle, find: Finder, dek: Buffer, bound: Buffer): Buffer
  /** @throws what the module says, or TokenRefusal for a length that cannot be right */
  unwrap(module: Module, session: Handle, find: Finder, wrapped: Buffer, bound: Buffer): Buffer
  /** From one key of this mechanism to another without the data key leaving the module, where that can be. */
  rewrap?(module: Module, session: Handle, from: Finder, to: Finder, wrapped: Buffer): Buffer
}

export type Signing = Common & {
  readonly use: 'sign'
  readonly name: 'ed25519' | 'ecdsa-p256-sha256'
  /** 64 bytes, over the message itself. */
  signMessage(module: Module, session: Handle, find: Finder, message: Buffer): Buffer
  signDigest?(module: Module, session: Handle, find: Finder, digest: Buffer): Buffer
}

export type Tagging = Common & {
  readonly use: 'mac'
  mac(module: Module, session: Handle, find: Finder, data: Buffer): Buffer
}

/** RFC 3394: 40 bytes, deterministic, an integrity check of its own; bound to its place by the agent's HMAC only. */
const aesKeyWrap: Wrapping = {
  use: 'wrap',
  needs: [pkcs11js.CKM_AES_KEY_GEN, pkcs11js.CKM_AES_KEY_WRAP],
  keyType: pkcs11js.CKK_AES,
  bytes: dekBytes,
  parts: { secret: ['wrap', 'unwrap'] },
  generate: (module, session, name, stored) => generateAes(module, session, name, ['wrap', 'unwrap'], stored),
  wrap(module, session, find, dek) {
    within(dek.length, dekBytes, dekBytes, 'key bytes')
    const { raw } = module
    const object = raw.C_CreateObject(session, [...passingDataKey, { type: pkcs11js.CKA_VALUE, value: dek }])
    try {
      return Buffer.from(raw.C_WrapKey(session, keyWrap, find('secret'), object, Buffer.alloc(64)))
    } finally {
      raw.C_DestroyObject(session, object)
    }
  },
  unwrap(module, session, find, wrapped) {
    within(wrapped.length, dekBytes + 8, dekBytes + 8, 'wrapped bytes')
    return unwrapped(module, session, keyWrap, find('secret'), wrapped)
  },
  rewrap(module, session, from, to, wrapped) {
    within(wrapped.length, dekBytes + 8, dekBytes + 8, 'wrapped bytes') // so 32 bytes are in it, RFC 3394 says
    const { raw } = module
    const object = raw.C_UnwrapKey(session, keyWrap, from('secret'), wrapped, passingDataKey)
    try {
      return Buffer.from(raw.C_WrapKey(session, keyWrap, to('secret'), object, Buffer.alloc(64)))
    } finally {
      raw.C_DestroyObject(session, object)
    }
  },
}

/** SP 800-38D: `nonce (12) | ciphertext (32) | tag (16)`. For modules without key wrap; the key encrypts and decrypts. */
const aesGcm: Wrapping = {
  use: 'wrap',
  needs: [pkcs11js.CKM_AES_KEY_GEN, pkcs11js.CKM_AES_GCM],
  keyType: pkcs11js.CKK_AES,
  bytes: dekBytes,
  parts: { secret: ['encrypt', 'decrypt'] },
  generate: (module, session, name, stored) => generateAes(module, session, name, ['encrypt', 'decrypt'], stored),
  wrap(module, session, find, dek, bound) {
    within(dek.length, dekBytes, dekBytes, 'key bytes')
    const iv = randomBytes(12)
    module.raw.C_EncryptInit(session, gcm(iv, bound), find('secret'))
    const sealed = Buffer.from(module.raw.C_Encrypt(session, dek, Buffer.alloc(dekBytes + 16)))
    if (sealed.length !== dekBytes + 16) throw new Error('the module did not give a tag of 128 bits')
    return Buffer.concat([iv, sealed])
  },
  unwrap(module, session, find, wrapped, bound) {
    within(wrapped.length, 12 + dekBytes + 16, 12 + dekBytes + 16, 'wrapped bytes')
    module.raw.C_DecryptInit(session, gcm(wrapped.subarray(0, 12), bound), find('secret'))
    return exactly(Buffer.from(module.raw.C_Decrypt(session, wrapped.subarray(12), Buffer.alloc(dekBytes + 16))))
  },
}

export const rsaBits = 3072 // 128 bits of strength, SP 800-57 part 1 table 2

/** RFC 8017 OAEP with SHA-256, for modules that wrap by RSA only. The public half is in the token beside the private. */
const rsaOaep: Wrapping = {
  use: 'wrap',
  needs: [pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11js.CKM_RSA_PKCS_OAEP],
  keyType: pkcs11js.CKK_RSA,
  parts: { private: ['unwrap'], public: ['wrap'] },
  generate(module, session, name, stored) {
    const pair = module.raw.C_GenerateKeyPair(
      session,
      { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
      [
        ...templateOf('public', name, ['wrap'], stored),
        { type: pkcs11js.CKA_MODULUS_BITS, value: rsaBits },
        { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
      ],
      templateOf('private', name, ['unwrap'], stored),
    )
    return { private: pair.privateKey, public: pair.publicKey }
  },
  spki(module, session, find) {
    const read = (type: number) => readAttribute(module, session, find('public'), type).toString('base64url')
    const jwk = { kty: 'RSA', n: read(pkcs11js.CKA_MODULUS), e: read(pkcs11js.CKA_PUBLIC_EXPONENT) }
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
  },
  wrap(module, session, find, dek) {
    within(dek.length, dekBytes, dekBytes, 'key bytes')
    const { raw } = module
    const object = raw.C_CreateObject(session, [...passingDataKey, { type: pkcs11js.CKA_VALUE, value: dek }])
    try {
      return Buffer.from(raw.C_WrapKey(session, oaep, find('public'), object, Buffer.alloc(rsaBits / 8)))
    } finally {
      raw.C_DestroyObject(session, object)
    }
  },
  unwrap(module, session, find, wrapped) {
    within(wrapped.length, rsaBits / 8, rsaBits / 8, 'wrapped bytes')
    return unwrapped(module, session, oaep, find('private'), wrapped)
  },
}

/** RFC 2104 with SHA-256 and a key of 32 bytes. */
const hmac: Tagging = {
  use: 'mac',
  needs: [pkcs11js.CKM_GENERIC_SECRET_KEY_GEN, pkcs11js.CKM_SHA256_HMAC],
  keyType: pkcs11js.CKK_GENERIC_SECRET,
  bytes: 32,
  parts: { secret: ['sign', 'verify'] },
  generate: (module, session, name, stored) => ({
    secret: module.raw.C_GenerateKey(session, { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN }, [
      ...templateOf('secret', name, ['sign', 'verify'], stored),
      { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    ]),
  }),
  mac(module, session, find, data) {
    within(data.length, 1, messageBytesMax, 'message bytes')
    module.raw.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_HMAC }, find('secret'))
    const mac = Buffer.from(module.raw.C_Sign(session, data, Buffer.alloc(32)))
    if (mac.length !== 32) throw new Error('the module did not give a MAC of 32 bytes')
    return mac
  },
}

/** FIPS 186-5, raw `r || s`; the message is hashed here, because modules differ in what they hash. */
const ecdsa: Signing = {
  use: 'sign',
  name: 'ecdsa-p256-sha256',
  needs: [pkcs11js.CKM_EC_KEY_PAIR_GEN, pkcs11js.CKM_ECDSA],
  keyType: pkcs11js.CKK_EC,
  parts: { private: ['sign'], public: ['verify'] },
  generate: (module, session, name, stored) =>
    generatePair(module, session, name, pkcs11js.CKM_EC_KEY_PAIR_GEN, p256, stored),
  spki: (module, session, find) =>
    spkiOfPoint('P-256', readAttribute(module, session, find('public'), pkcs11js.CKA_EC_POINT)),
  signMessage(module, session, find, message) {
    within(message.length, 1, messageBytesMax, 'message bytes')
    return signature(
      module,
      session,
      pkcs11js.CKM_ECDSA,
      find('private'),
      createHash('sha256').update(message).digest(),
    )
  },
  signDigest(module, session, find, digest) {
    within(digest.length, 32, 32, 'digest bytes')
    return signature(module, session, pkcs11js.CKM_ECDSA, find('private'), digest)
  },
}

const edwardsMechanism = 0x1057 // CKM_EDDSA; the binding's header is older than it
const edwardsPairs = 0x1055
export const edwardsKey = 0x40 // CKK_EC_EDWARDS

/** RFC 8032. */
const edwards: Signing = {
  use: 'sign',
  name: 'ed25519',
  needs: [edwardsPairs, edwardsMechanism],
  keyType: edwardsKey,
  parts: { private: ['sign'], public: ['verify'] },
  generate: (module, session, name, stored) => generatePair(module, session, name, edwardsPairs, ed25519, stored),
  spki: (module, session, find) =>
    spkiOfPoint('Ed25519', readAttribute(module, session, find('public'), pkcs11js.CKA_EC_POINT)),
  signMessage(module, session, find, message) {
    within(message.length, 1, messageBytesMax, 'message bytes')
    return signature(module, session, edwardsMechanism, find('private'), message)
  },
}

/** All there are; what is not here is asked of no module. */
export const mechanisms = {
  'aes-kw': aesKeyWrap,
  'aes-gcm': aesGcm,
  'rsa-oaep-sha256': rsaOaep,
  'hmac-sha256': hmac,
  'ecdsa-p256-sha256': ecdsa,
  ed25519: edwards,
} as const

export type MechanismName = keyof typeof mechanisms
export type WrapMode = 'aes-kw' | 'aes-gcm' | 'rsa-oaep-sha256'

export function mechanismOf(name: MechanismName): Wrapping | Signing | Tagging {
  return mechanisms[name]
}

export function within(value: number, min: number, max: number, what: string): void {
  if (!(value >= min && value <= max)) throw new TokenRefusal(`${what}: ${value} is not within ${min} and ${max}`)
}

export const p256 = Buffer.from('06082a8648ce3d030107', 'hex') // OID 1.2.840.10045.3.1.7
export const ed25519 = Buffer.from('06032b6570', 'hex') // OID 1.3.101.112

const keyWrap = { mechanism: pkcs11js.CKM_AES_KEY_WRAP }

const oaep = {
  mechanism: pkcs11js.CKM_RSA_PKCS_OAEP,
  parameter: {
    type: pkcs11js.CK_PARAMS_RSA_OAEP,
    hashAlg: pkcs11js.CKM_SHA256,
    mgf: pkcs11js.CKG_MGF1_SHA256,
    source: 1,
    sourceData: Buffer.alloc(0),
  },
}

function gcm(iv: Buffer, aad: Buffer) {
  within(iv.length, 12, 12, 'nonce bytes')
  within(aad.length, 1, messageBytesMax, 'bytes of bound data')
  return {
    mechanism: pkcs11js.CKM_AES_GCM,
    parameter: { type: pkcs11js.CK_PARAMS_GCM, iv, ivBits: 96, aad, tagBits: 128 },
  }
}

function generateAes(module: Module, session: Handle, name: string, use: readonly Usage[], stored?: boolean) {
  const template: Template = [
    ...templateOf('secret', name, use, stored),
    { type: pkcs11js.CKA_VALUE_LEN, value: dekBytes },
  ]
  return { secret: module.raw.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, template) }
}

function generatePair(
  module: Module,
  session: Handle,
  name: string,
  mechanism: number,
  curve: Buffer,
  stored?: boolean,
): Partial<Record<Kind, Handle>> {
  const pair = module.raw.C_GenerateKeyPair(
    session,
    { mechanism },
    [...templateOf('public', name, ['verify'], stored), { type: pkcs11js.CKA_EC_PARAMS, value: curve }],
    templateOf('private', name, ['sign'], stored),
  )
  return { private: pair.privateKey, public: pair.publicKey }
}

function unwrapped(
  module: Module,
  session: Handle,
  mechanism: pkcs11js.Mechanism,
  key: Handle,
  wrapped: Buffer,
): Buffer {
  const { raw } = module
  const object = raw.C_UnwrapKey(session, mechanism, key, wrapped, passingDataKey)
  try {
    return exactly(readAttribute(module, session, object, pkcs11js.CKA_VALUE))
  } finally {
    raw.C_DestroyObject(session, object)
  }
}

function exactly(dek: Buffer): Buffer {
  within(dek.length, dekBytes, dekBytes, 'key bytes')
  return dek
}

function signature(module: Module, session: Handle, mechanism: number, key: Handle, data: Buffer): Buffer {
  module.raw.C_SignInit(session, { mechanism }, key)
  const given = Buffer.from(module.raw.C_Sign(session, data, Buffer.alloc(64)))
  if (given.length !== 64) throw new Error('the module did not give a signature of 64 bytes')
  return given
}
