import { createHash } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import { messageBytesMax, type Signing, within } from './mechanism.ts'
import type { Handle, Module } from './module.ts'
import { type Kind, readAttribute, spkiOfPoint, templateOf } from './objects.ts'

/** FIPS 186-5, raw `r || s`; the message is hashed here, because modules differ in what they hash. */
export const ecdsa: Signing = {
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

/** Mechanisms of PKCS#11 3.0, by name: the binding's header is older than they are. */
export const edwardsMechanisms = { CKM_EC_EDWARDS_KEY_PAIR_GEN: 0x1055, CKM_EDDSA: 0x1057 } as const
const { CKM_EC_EDWARDS_KEY_PAIR_GEN: edwardsPairs, CKM_EDDSA: edwardsMechanism } = edwardsMechanisms
export const edwardsKey = 0x40 // CKK_EC_EDWARDS

/** RFC 8032. */
export const edwards: Signing = {
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

export const p256 = Buffer.from('06082a8648ce3d030107', 'hex') // OID 1.2.840.10045.3.1.7
export const ed25519 = Buffer.from('06032b6570', 'hex') // OID 1.3.101.112

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

function signature(module: Module, session: Handle, mechanism: number, key: Handle, data: Buffer): Buffer {
  module.raw.C_SignInit(session, { mechanism }, key)
  const given = Buffer.from(module.raw.C_Sign(session, data, Buffer.alloc(64)))
  if (given.length !== 64) throw new Error('the module did not give a signature of 64 bytes')
  return given
}
