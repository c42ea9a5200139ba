import { createPublicKey, timingSafeEqual } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import { catalogue, type KeyName } from './catalogue.ts'

type Handle = Buffer
type Attributes = Record<string, boolean>

export type Token = {
  random(bytes: number): Buffer
  mac(key: KeyName, data: Buffer): Buffer
  sign(key: KeyName, digest: Buffer): Buffer
  publicKey(key: KeyName): Buffer
  newDek(key: KeyName, context: Buffer): { dek: Buffer; wrapped: Buffer; binding: Buffer }
  openDek(key: KeyName, context: Buffer, wrapped: Buffer, binding: Buffer): Buffer
  attributes(): Record<string, Attributes>
  close(): void
}

const p256 = Buffer.from('06082a8648ce3d030107', 'hex')
const dekBytes = 32
const messageBytesMax = 64 * 1024

/**
 * Opens the token of a PKCS#11 module, makes the keys that are missing, and reads every attribute back: a module that
 * would give a key away stops the start. All limits are checked here and not left to the module, because modules
 * differ in what they accept. Calls are synchronous and one at a time, as the binding wants it; this process has
 * nothing else to do.
 */
export function openToken(options: { module: string; label: string; pin: string; soPin: string }): Token {
  const module = new pkcs11js.PKCS11()
  module.load(options.module)
  module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
  const slot = findSlot(module, options.label) ?? initialise(module, options)
  let session = signIn(module, slot, options.pin)
  const handles = new Map<string, Handle>()
  for (const name of Object.keys(catalogue) as KeyName[]) ensure(name)
  const unfit = Object.entries(readAttributes()).flatMap(([name, attributes]) => faultsOf(name as KeyName, attributes))
  if (unfit.length > 0) throw new Error(`The token holds keys that must not be used: ${unfit.join('; ')}`)

  return {
    random(bytes) {
      within(bytes, 1, 4096, 'random bytes')
      return guarded(() => module.C_GenerateRandom(session, Buffer.alloc(bytes)))
    },
    mac(key, data) {
      within(data.length, 1, messageBytesMax, 'message bytes')
      return guarded(() => hmac(key, data))
    },
    sign(key, digest) {
      within(digest.length, 32, 32, 'digest bytes')
      return guarded(() => {
        module.C_SignInit(session, { mechanism: pkcs11js.CKM_ECDSA }, handle(key, 'private'))
        const signature = module.C_Sign(session, digest, Buffer.alloc(64))
        within(signature.length, 64, 64, 'signature bytes')
        return signature
      })
    },
    publicKey(key) {
      return guarded(() => spki(read(handle(key, 'public'), pkcs11js.CKA_EC_POINT)))
    },
    newDek(key, context) {
      return guarded(() => {
        const dek = module.C_GenerateRandom(session, Buffer.alloc(dekBytes))
        const object = module.C_CreateObject(session, [...passing, { type: pkcs11js.CKA_VALUE, value: dek }])
        try {
          const wrapped = module.C_WrapKey(
            session,
            { mechanism: pkcs11js.CKM_AES_KEY_WRAP },
            handle(key, 'secret'),
            object,
            Buffer.alloc(64),
          )
          return { dek, wrapped: Buffer.from(wrapped), binding: bindingOf(key, context, wrapped) }
        } finally {
          module.C_DestroyObject(session, object)
        }
      })
    },
    openDek(key, context, wrapped, binding) {
      within(wrapped.length, dekBytes + 8, dekBytes + 8, 'wrapped bytes')
      within(binding.length, 32, 32, 'binding bytes')
      return guarded(() => {
        if (!timingSafeEqual(bindingOf(key, context, wrapped), binding))
          throw new TokenRefusal('this wrapped key does not belong here')
        const object = module.C_UnwrapKey(
          session,
          { mechanism: pkcs11js.CKM_AES_KEY_WRAP },
          handle(key, 'secret'),
          wrapped,
          passing,
        )
        try {
          const dek = read(object, pkcs11js.CKA_VALUE)
          within(dek.length, dekBytes, dekBytes, 'key bytes')
          return dek
        } finally {
          module.C_DestroyObject(session, object)
        }
      })
    },
    attributes: () => guarded(readAttributes),
    close() {
      module.C_Finalize()
      module.close()
    },
  }

  function hmac(key: KeyName, data: Buffer): Buffer {
    module.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_HMAC }, handle(key, 'secret'))
    return Buffer.from(module.C_Sign(session, data, Buffer.alloc(32)))
  }

  function bindingOf(key: KeyName, context: Buffer, wrapped: Buffer): Buffer {
    return hmac('hk-dek-binding', Buffer.concat([Buffer.from(`${key}|${context.length}|`), context, wrapped]))
  }

  /** A failed operation can leave a session unusable; it is replaced, never repaired. */
  function guarded<T>(operation: () => T): T {
    try {
      return operation()
    } catch (error) {
      if (!(error instanceof TokenRefusal)) {
        try {
          module.C_CloseSession(session)
        } catch {}
        session = signIn(module, slot, options.pin)
        handles.clear()
      }
      throw error
    }
  }

  function ensure(name: KeyName): void {
    const use = catalogue[name].use
    if (find(name, use === 'sign' ? 'private' : 'secret')) return
    const label = { type: pkcs11js.CKA_LABEL, value: name }
    const id = { type: pkcs11js.CKA_ID, value: Buffer.from(name) }
    if (use === 'wrap')
      module.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
        ...secret(32),
        label,
        id,
        ...flags({ wrap: true, unwrap: true }),
      ])
    if (use === 'mac')
      module.C_GenerateKey(session, { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN }, [
        ...secret(32),
        label,
        id,
        ...flags({ sign: true, verify: true }),
      ])
    if (use === 'sign')
      module.C_GenerateKeyPair(
        session,
        { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
        [
          label,
          id,
          { type: pkcs11js.CKA_TOKEN, value: true },
          { type: pkcs11js.CKA_VERIFY, value: true },
          { type: pkcs11js.CKA_EC_PARAMS, value: p256 },
        ],
        [
          label,
          id,
          ...kept,
          { type: pkcs11js.CKA_SIGN, value: true },
          { type: pkcs11js.CKA_DECRYPT, value: false },
          { type: pkcs11js.CKA_UNWRAP, value: false },
        ],
      )
  }

  function handle(name: KeyName, kind: 'secret' | 'private' | 'public'): Handle {
    const known = handles.get(`${kind}:${name}`)
    if (known) return known
    const found = find(name, kind)
    if (!found) throw new TokenRefusal(`the token has no ${kind} key ${name}`)
    handles.set(`${kind}:${name}`, found)
    return found
  }

  function find(name: string, kind: 'secret' | 'private' | 'public'): Handle | undefined {
    module.C_FindObjectsInit(session, [
      { type: pkcs11js.CKA_CLASS, value: classOf[kind] },
      { type: pkcs11js.CKA_LABEL, value: name },
      { type: pkcs11js.CKA_TOKEN, value: true },
    ])
    const found = module.C_FindObjects(session, 2)
    module.C_FindObjectsFinal(session)
    if (found.length > 1) throw new Error(`The token holds more than one ${kind} key named ${name}.`)
    return found[0]
  }

  function read(object: Handle, type: number): Buffer {
    return module.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer
  }

  function readAttributes(): Record<string, Attributes> {
    const names = Object.keys(catalogue) as KeyName[]
    return Object.fromEntries(
      names.map((name) => {
        const object = handle(name, catalogue[name].use === 'sign' ? 'private' : 'secret')
        return [
          name,
          Object.fromEntries(Object.entries(flagTypes).flatMap(([flag, type]) => flagOf(object, flag, type))),
        ]
      }),
    )
  }

  function flagOf(object: Handle, flag: string, type: number): Array<[string, boolean]> {
    try {
      return [[flag, read(object, type)[0] === 1]]
    } catch {
      return [] // this class of object does not have this attribute
    }
  }
}

/** A request the token must not even be asked; the session stays sound. */
export class TokenRefusal extends Error {}

const flagTypes = {
  sensitive: pkcs11js.CKA_SENSITIVE,
  extractable: pkcs11js.CKA_EXTRACTABLE,
  private: pkcs11js.CKA_PRIVATE,
  encrypt: pkcs11js.CKA_ENCRYPT,
  decrypt: pkcs11js.CKA_DECRYPT,
  sign: pkcs11js.CKA_SIGN,
  verify: pkcs11js.CKA_VERIFY,
  wrap: pkcs11js.CKA_WRAP,
  unwrap: pkcs11js.CKA_UNWRAP,
}

const classOf = { secret: pkcs11js.CKO_SECRET_KEY, private: pkcs11js.CKO_PRIVATE_KEY, public: pkcs11js.CKO_PUBLIC_KEY }

const kept = [
  { type: pkcs11js.CKA_TOKEN, value: true },
  { type: pkcs11js.CKA_PRIVATE, value: true },
  { type: pkcs11js.CKA_SENSITIVE, value: true },
  { type: pkcs11js.CKA_EXTRACTABLE, value: false },
]

/** A data key on its way through a session, never stored in the token. */
const passing = [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
  { type: pkcs11js.CKA_TOKEN, value: false },
  { type: pkcs11js.CKA_PRIVATE, value: true },
  { type: pkcs11js.CKA_SENSITIVE, value: false },
  { type: pkcs11js.CKA_EXTRACTABLE, value: true },
]

function secret(bytes: number) {
  return [...kept, { type: pkcs11js.CKA_VALUE_LEN, value: bytes }]
}

function flags(wanted: Partial<Record<'wrap' | 'unwrap' | 'sign' | 'verify', boolean>>) {
  const all = { wrap: false, unwrap: false, sign: false, verify: false, encrypt: false, decrypt: false, ...wanted }
  return Object.entries(all).map(([flag, value]) => ({ type: flagTypes[flag as keyof typeof flagTypes], value }))
}

function faultsOf(name: KeyName, found: Attributes): string[] {
  const use = catalogue[name].use
  const wanted: Attributes = {
    sensitive: true,
    extractable: false,
    private: true,
    decrypt: false,
    unwrap: use === 'wrap',
    sign: use !== 'wrap',
    ...(use === 'sign' ? {} : { encrypt: false, wrap: use === 'wrap' }),
  }
  return Object.entries(wanted)
    .filter(([flag, value]) => found[flag] !== value)
    .map(([flag, value]) => `${name} must ${value ? '' : 'not '}be ${flag}`)
}

function within(value: number, min: number, max: number, what: string): void {
  if (!(value >= min && value <= max)) throw new TokenRefusal(`${what}: ${value} is not within ${min} and ${max}`)
}

/** An uncompressed P-256 point, DER-wrapped by the module, as SubjectPublicKeyInfo. */
function spki(point: Buffer): Buffer {
  const raw = point.subarray(point.length - 65)
  if (raw.length !== 65 || raw[0] !== 4) throw new Error('The module did not give a P-256 point.')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: raw.subarray(1, 33).toString('base64url'),
    y: raw.subarray(33).toString('base64url'),
  }
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
}

function findSlot(module: pkcs11js.PKCS11, label: string): Handle | undefined {
  return module.C_GetSlotList(true).find((slot) => module.C_GetTokenInfo(slot).label.trim() === label)
}

function initialise(module: pkcs11js.PKCS11, options: { label: string; pin: string; soPin: string }): Handle {
  const free = module
    .C_GetSlotList(true)
    .find((slot) => (module.C_GetTokenInfo(slot).flags & pkcs11js.CKF_TOKEN_INITIALIZED) === 0)
  if (!free) throw new Error(`The module has no token "${options.label}" and no free slot to make one in.`)
  module.C_InitToken(free, options.soPin, options.label.padEnd(32)) // the standard pads with blanks, the binding does not
  const slot = findSlot(module, options.label)
  if (!slot) throw new Error(`The module did not make the token "${options.label}".`)
  const session = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
  module.C_Login(session, pkcs11js.CKU_SO, options.soPin)
  module.C_InitPIN(session, options.pin)
  module.C_Logout(session)
  module.C_CloseSession(session)
  return slot
}

function signIn(module: pkcs11js.PKCS11, slot: Handle, pin: string): Handle {
  const session = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
  try {
    module.C_Login(session, pkcs11js.CKU_USER, pin)
  } catch (error) {
    if (!/ALREADY_LOGGED_IN/.test((error as Error).message)) throw error
  }
  return session
}
