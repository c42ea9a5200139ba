import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import { type MechanismName, mechanisms } from './mechanisms.ts'
import type { Handle, Module } from './module.ts'
import { type Kind, type Template, templateOf } from './objects.ts'
import { ed25519, edwardsKey, p256 } from './signing.ts'
import { rsaBits } from './wrapping.ts'

/**
 * Keys that are born outside the token, in a ceremony: the material they are made of, and how it goes in. Symmetric keys
 * and Ed25519 are 32 random bytes, P-256 its scalar, RSA a PKCS #8 document.
 */
export function newMaterial(mechanism: MechanismName): Buffer {
  switch (mechanism) {
    case 'ecdsa-p256-sha256':
      return Buffer.from(
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }).d!,
        'base64url',
      )
    case 'rsa-oaep-sha256':
      return generateKeyPairSync('rsa', { modulusLength: rsaBits }).privateKey.export({ format: 'der', type: 'pkcs8' })
    default:
      return randomBytes(32)
  }
}

/** Puts a key into the token: from then on it can be used there and not be read. */
export function importMaterial(
  module: Module,
  session: Handle,
  { key, mechanism }: { key: string; mechanism: MechanismName },
  material: Buffer,
): void {
  const { parts } = mechanisms[mechanism]
  for (const [kind, use] of Object.entries(parts) as Array<[Kind, readonly never[]]>)
    module.raw.C_CreateObject(session, [...templateOf(kind, key, use), ...valuesOf(mechanism, kind, material)])
}

function valuesOf(mechanism: MechanismName, kind: Kind, material: Buffer): Template {
  switch (mechanism) {
    case 'aes-kw':
    case 'aes-gcm':
      return typed(pkcs11js.CKO_SECRET_KEY, pkcs11js.CKK_AES, [[pkcs11js.CKA_VALUE, material]])
    case 'hmac-sha256':
      return typed(pkcs11js.CKO_SECRET_KEY, pkcs11js.CKK_GENERIC_SECRET, [[pkcs11js.CKA_VALUE, material]])
    case 'ecdsa-p256-sha256':
      return kind === 'private'
        ? typed(pkcs11js.CKO_PRIVATE_KEY, pkcs11js.CKK_EC, [
            [pkcs11js.CKA_EC_PARAMS, p256],
            [pkcs11js.CKA_VALUE, material],
          ])
        : typed(pkcs11js.CKO_PUBLIC_KEY, pkcs11js.CKK_EC, [
            [pkcs11js.CKA_EC_PARAMS, p256],
            [pkcs11js.CKA_EC_POINT, octets(pointOf(material))],
          ])
    case 'ed25519':
      return kind === 'private'
        ? typed(pkcs11js.CKO_PRIVATE_KEY, edwardsKey, [
            [pkcs11js.CKA_EC_PARAMS, ed25519],
            [pkcs11js.CKA_VALUE, material],
          ])
        : typed(pkcs11js.CKO_PUBLIC_KEY, edwardsKey, [
            [pkcs11js.CKA_EC_PARAMS, ed25519],
            [pkcs11js.CKA_EC_POINT, octets(edwardsPoint(material))],
          ])
    case 'rsa-oaep-sha256':
      return rsaValues(kind, {
        ...createPrivateKey({ key: material, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }),
      })
  }
}

function typed(objectClass: number, keyType: number, values: Array<[number, Buffer]>): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: objectClass },
    { type: pkcs11js.CKA_KEY_TYPE, value: keyType },
    ...values.map(([type, value]) => ({ type, value })),
  ]
}

function rsaValues(kind: Kind, jwk: Record<string, unknown>): Template {
  const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') => Buffer.from(String(jwk[name]), 'base64url')
  const shared: Array<[number, Buffer]> = [
    [pkcs11js.CKA_MODULUS, part('n')],
    [pkcs11js.CKA_PUBLIC_EXPONENT, part('e')],
  ]
  if (kind === 'public') return typed(pkcs11js.CKO_PUBLIC_KEY, pkcs11js.CKK_RSA, shared)
  return typed(pkcs11js.CKO_PRIVATE_KEY, pkcs11js.CKK_RSA, [
    ...shared,
    [pkcs11js.CKA_PRIVATE_EXPONENT, part('d')],
    [pkcs11js.CKA_PRIME_1, part('p')],
    [pkcs11js.CKA_PRIME_2, part('q')],
    [pkcs11js.CKA_EXPONENT_1, part('dp')],
    [pkcs11js.CKA_EXPONENT_2, part('dq')],
    [pkcs11js.CKA_COEFFICIENT, part('qi')],
  ])
}

function pointOf(scalar: Buffer): Buffer {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(scalar)
  return curve.getPublicKey()
}

function edwardsPoint(seed: Buffer): Buffer {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex') // RFC 8410, PKCS #8 of an Ed25519 key
  const key = createPublicKey(createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' }))
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')
}

/** A point as the standard wants it: in a DER octet string. */
function octets(point: Buffer): Buffer {
  return Buffer.concat([Buffer.from([4, point.length]), point])
}
