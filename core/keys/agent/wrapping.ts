import { createPublicKey, randomBytes } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import { dekBytes, messageBytesMax, type Wrapping, within } from './mechanism.ts'
import type { Handle, Module } from './module.ts'
import { passingDataKey, readAttribute, type Template, templateOf, type Usage } from './objects.ts'

/** RFC 3394: 40 bytes, deterministic, an integrity check of its own; bound to its place by the agent's HMAC only. */
export const aesKeyWrap: Wrapping = {
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
export const aesGcm: Wrapping = {
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
export const rsaOaep: Wrapping = {
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
