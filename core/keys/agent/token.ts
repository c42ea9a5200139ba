import pkcs11js from 'pkcs11js'
import { importMaterial } from './material.ts'
import { type Signing, type Tagging, type Wrapping, within } from './mechanism.ts'
import { type MechanismName, mechanismOf, mechanisms } from './mechanisms.ts'
import { type Handle, type Module, TokenRefusal } from './module.ts'
import { type Attributes, faultsOf, findObject, flagsOf, type Kind, labelsIn, readNumber } from './objects.ts'

/** A key by the name it has in the token, and the mechanism it was made for. */
export type KeyRef = { readonly key: string; readonly mechanism: MechanismName }

type Bound = { ref: KeyRef; wrapped: Buffer; bound: Buffer }

export type Token = {
  random(bytes: number): Buffer
  create(ref: KeyRef): void
  /** Puts a key in that was born outside; it cannot be read from then on. */
  import(ref: KeyRef, material: Buffer): void
  /** Destroys every object of a name, and looks that none is left. */
  destroy(name: string): void
  rename(from: string, to: KeyRef): void
  names(): Set<string>
  has(ref: KeyRef): boolean
  wrap(ref: KeyRef, dek: Buffer, bound: Buffer): Buffer
  unwrap(ref: KeyRef, wrapped: Buffer, bound: Buffer): Buffer
  /** The same data key under another key; it stays in the module where the mechanism is the same and allows it. */
  rewrap(from: Bound, to: Omit<Bound, 'wrapped'>): Buffer
  mac(ref: KeyRef, data: Buffer): Buffer
  signDigest(ref: KeyRef, digest: Buffer): Buffer
  signMessage(ref: KeyRef, message: Buffer): Buffer
  /** SubjectPublicKeyInfo of a key that has a public half. */
  spki(ref: KeyRef): Buffer
  attributes(ref: KeyRef): Attributes
  faults(ref: KeyRef): string[]
  /** Forgets where objects lie, so that the next use looks in the token itself. */
  forget(): void
}

/** Named keys of a token. Every limit is checked before the module is asked, because modules differ in what they accept. */
export function openToken(module: Module): Token {
  const { raw } = module
  const handles = new Map<string, Handle>()
  module.onFailure(() => handles.clear())

  return {
    random(bytes) {
      within(bytes, 1, 4096, 'random bytes')
      return module.use((session) => raw.C_GenerateRandom(session, Buffer.alloc(bytes)))
    },
    create: ({ key, mechanism }) =>
      module.use((session) => {
        mechanismOf(mechanism).generate(module, session, key)
      }),
    import: (ref, material) => module.use((session) => importMaterial(module, session, ref, material)),
    destroy(name) {
      handles.clear()
      module.use((session) => {
        for (const kind of ['secret', 'private', 'public'] as const) {
          const object = findObject(module, session, name, kind)
          if (object) raw.C_DestroyObject(session, object)
          if (findObject(module, session, name, kind)) throw new Error(`the token still holds ${name}`)
        }
      })
    },
    rename(from, to) {
      handles.clear()
      module.use((session) => {
        for (const kind of kindsOf(to)) {
          const object = findObject(module, session, from, kind)
          if (!object) continue
          raw.C_SetAttributeValue(session, object, [
            { type: pkcs11js.CKA_LABEL, value: to.key },
            { type: pkcs11js.CKA_ID, value: Buffer.from(to.key) },
          ])
        }
      })
    },
    names: () => module.use((session) => labelsIn(module, session)),
    has: (ref) =>
      module.use((session) => kindsOf(ref).every((kind) => findObject(module, session, ref.key, kind) !== undefined)),
    wrap: (ref, dek, bound) =>
      module.use((session) => wrapping(ref).wrap(module, session, finder(session, ref), dek, bound)),
    unwrap: (ref, wrapped, bound) =>
      module.use((session) => wrapping(ref).unwrap(module, session, finder(session, ref), wrapped, bound)),
    rewrap: (from, to) =>
      module.use((session) => {
        const [before, after] = [wrapping(from.ref), wrapping(to.ref)]
        const [found, wanted] = [finder(session, from.ref), finder(session, to.ref)]
        if (before === after && before.rewrap) return before.rewrap(module, session, found, wanted, from.wrapped)
        const dek = before.unwrap(module, session, found, from.wrapped, from.bound)
        const wrapped = after.wrap(module, session, wanted, dek, to.bound)
        dek.fill(0)
        return wrapped
      }),
    mac: (ref, data) => module.use((session) => tagging(ref).mac(module, session, finder(session, ref), data)),
    signDigest: (ref, digest) =>
      module.use((session) => {
        const { signDigest } = signing(ref)
        if (!signDigest) throw new TokenRefusal(`${ref.key} signs messages, not digests`)
        return signDigest(module, session, finder(session, ref), digest)
      }),
    signMessage: (ref, message) =>
      module.use((session) => signing(ref).signMessage(module, session, finder(session, ref), message)),
    spki: (ref) =>
      module.use((session) => {
        const { spki } = mechanismOf(ref.mechanism)
        if (!spki) throw new TokenRefusal(`${ref.key} has no public half`)
        return spki(module, session, finder(session, ref))
      }),
    attributes: (ref) => module.use((session) => flagsOf(module, session, lookFor(session, ref, kindsOf(ref)[0]!))),
    faults: (ref) =>
      module.use((session) =>
        Object.entries(mechanismOf(ref.mechanism).parts)
          .filter(([kind]) => kind !== 'public')
          .flatMap(([kind, use]) => {
            const object = lookFor(session, ref, kind as Kind)
            return [
              ...faultsOf(ref.key, kind as Kind, use, flagsOf(module, session, object)),
              ...sizeFaults(module, session, object, ref),
            ]
          }),
      ),
    forget: () => handles.clear(),
  }

  function finder(session: Handle, ref: KeyRef): (kind: Kind) => Handle {
    return (kind) => {
      const name = `${kind}:${ref.key}`
      const known = handles.get(name)
      if (known) return known
      const found = lookFor(session, ref, kind)
      handles.set(name, found)
      return found
    }
  }

  function lookFor(session: Handle, ref: KeyRef, kind: Kind): Handle {
    const found = findObject(module, session, ref.key, kind)
    if (!found) throw new Error(`the token has no ${kind} key ${ref.key}`)
    return found
  }
}

/** Modules take shorter keys than anybody should use, and other types than the name says. */
function sizeFaults(module: Module, session: Handle, object: Handle, { key, mechanism }: KeyRef): string[] {
  const { keyType, bytes } = mechanismOf(mechanism)
  const number = (type: number) => readNumber(module, session, object, type)
  return [
    ...(number(pkcs11js.CKA_KEY_TYPE) === keyType ? [] : [`${key} is not of the type it must be`]),
    ...(bytes === undefined || number(pkcs11js.CKA_VALUE_LEN) === bytes ? [] : [`${key} has not ${bytes} bytes`]),
  ]
}

/** The secret or private object comes first. */
function kindsOf(ref: KeyRef): Kind[] {
  return Object.keys(mechanisms[ref.mechanism].parts) as Kind[]
}

function wrapping({ key, mechanism }: KeyRef): Wrapping {
  const found = mechanismOf(mechanism)
  if (found.use !== 'wrap') throw new TokenRefusal(`${key} does not wrap`)
  return found
}

function signing({ key, mechanism }: KeyRef): Signing {
  const found = mechanismOf(mechanism)
  if (found.use !== 'sign') throw new TokenRefusal(`${key} does not sign`)
  return found
}

function tagging({ key, mechanism }: KeyRef): Tagging {
  const found = mechanismOf(mechanism)
  if (found.use !== 'mac') throw new TokenRefusal(`${key} makes no MAC`)
  return found
}
