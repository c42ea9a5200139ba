import { createPublicKey } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import type { Handle, Module } from './module.ts'

export type Kind = 'secret' | 'private' | 'public'
export type Attributes = Record<string, boolean>
export type Template = Array<{ type: number; value: number | boolean | string | Buffer }>

const classOf: Record<Kind, number> = {
  secret: pkcs11js.CKO_SECRET_KEY,
  private: pkcs11js.CKO_PRIVATE_KEY,
  public: pkcs11js.CKO_PUBLIC_KEY,
}

const usageTypes = {
  encrypt: pkcs11js.CKA_ENCRYPT,
  decrypt: pkcs11js.CKA_DECRYPT,
  sign: pkcs11js.CKA_SIGN,
  verify: pkcs11js.CKA_VERIFY,
  wrap: pkcs11js.CKA_WRAP,
  unwrap: pkcs11js.CKA_UNWRAP,
}

const flagTypes = {
  sensitive: pkcs11js.CKA_SENSITIVE,
  extractable: pkcs11js.CKA_EXTRACTABLE,
  private: pkcs11js.CKA_PRIVATE,
  ...usageTypes,
}

export type Usage = keyof typeof usageTypes

/** What a kind of object can be used for at all; the other flags do not exist on it. */
const usages: Record<Kind, readonly Usage[]> = {
  secret: ['encrypt', 'decrypt', 'sign', 'verify', 'wrap', 'unwrap'],
  private: ['decrypt', 'sign', 'unwrap'],
  public: ['encrypt', 'verify', 'wrap'],
}

/** How a key of ours lies in the token (`stored`) or passes through a session: named, and for nothing but its use. */
export function templateOf(kind: Kind, name: string, use: readonly Usage[], stored = true): Template {
  return [
    { type: pkcs11js.CKA_LABEL, value: name },
    { type: pkcs11js.CKA_ID, value: Buffer.from(name) },
    { type: pkcs11js.CKA_TOKEN, value: stored },
    ...(kind === 'public'
      ? []
      : [
          { type: pkcs11js.CKA_PRIVATE, value: true },
          { type: pkcs11js.CKA_SENSITIVE, value: true },
          { type: pkcs11js.CKA_EXTRACTABLE, value: false },
        ]),
    ...usages[kind].map((usage) => ({ type: usageTypes[usage], value: use.includes(usage) })),
  ]
}

/** A data key on its way through a session: 32 bytes of AES that are never stored in the token. */
export const passingDataKey: Template = [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
  { type: pkcs11js.CKA_TOKEN, value: false },
  { type: pkcs11js.CKA_PRIVATE, value: true },
  { type: pkcs11js.CKA_SENSITIVE, value: false },
  { type: pkcs11js.CKA_EXTRACTABLE, value: true },
]

/** The one object of this name and kind. @throws Error when there are two: somebody planted one */
export function findObject(module: Module, session: Handle, name: string, kind: Kind): Handle | undefined {
  const { raw } = module
  raw.C_FindObjectsInit(session, [
    { type: pkcs11js.CKA_CLASS, value: classOf[kind] },
    { type: pkcs11js.CKA_LABEL, value: name },
    { type: pkcs11js.CKA_TOKEN, value: true },
  ])
  const found = raw.C_FindObjects(session, 2)
  raw.C_FindObjectsFinal(session)
  if (found.length > 1) throw new Error(`the token holds more than one ${kind} key named ${name}`)
  return found[0]
}

/** The names of all keys in the token, ours and others'. */
export function labelsIn(module: Module, session: Handle): Set<string> {
  const { raw } = module
  raw.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_TOKEN, value: true }])
  const found: Handle[] = []
  for (let more = raw.C_FindObjects(session, 64); more.length > 0; more = raw.C_FindObjects(session, 64))
    found.push(...more)
  raw.C_FindObjectsFinal(session)
  return new Set(found.map((object) => readAttribute(module, session, object, pkcs11js.CKA_LABEL).toString()))
}

export function readAttribute(module: Module, session: Handle, object: Handle, type: number): Buffer {
  return module.raw.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer
}

/** A CK_ULONG, which is as long as the machine's words. */
export function readNumber(module: Module, session: Handle, object: Handle, type: number): number {
  const value = readAttribute(module, session, object, type)
  return value.length === 8 ? Number(value.readBigUInt64LE()) : value.readUInt32LE()
}

/** The flags of an object as they are in the token now. */
export function flagsOf(module: Module, session: Handle, object: Handle): Attributes {
  return Object.fromEntries(
    Object.entries(flagTypes).flatMap(([flag, type]): Array<[string, boolean]> => {
      try {
        return [[flag, readAttribute(module, session, object, type)[0] === 1]]
      } catch {
        return [] // this class of object does not have this attribute
      }
    }),
  )
}

/** What is wrong with a key's flags; a module that would give a key away, or use it for two things, is found here. */
export function faultsOf(name: string, kind: Kind, use: readonly Usage[], found: Attributes): string[] {
  const wanted: Attributes = {
    ...(kind === 'public' ? {} : { sensitive: true, extractable: false, private: true }),
    ...Object.fromEntries(usages[kind].map((usage) => [usage, use.includes(usage)])),
  }
  return Object.entries(wanted)
    .filter(([flag, value]) => found[flag] !== value)
    .map(([flag, value]) => `${name} must ${value ? '' : 'not '}be ${flag}`)
}

/** SubjectPublicKeyInfo of a public key that the module gives as a point, DER-wrapped or not. */
export function spkiOfPoint(curve: 'P-256' | 'Ed25519', given: Buffer): Buffer {
  const bytes = curve === 'P-256' ? 65 : 32
  const point = given.length === bytes + 2 && given[0] === 4 && given[1] === bytes ? given.subarray(2) : given
  if (point.length !== bytes || (curve === 'P-256' && point[0] !== 4))
    throw new Error(`the module did not give a point of ${curve}`)
  const text = (part: Buffer) => part.toString('base64url')
  const jwk =
    curve === 'P-256'
      ? { kty: 'EC', crv: curve, x: text(point.subarray(1, 33)), y: text(point.subarray(33)) }
      : { kty: 'OKP', crv: curve, x: text(point) }
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
}
