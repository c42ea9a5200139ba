import { createPublicKey } from 'node:crypto'
import pkcs11js from 'pkcs11js'
import { isSigned } from '../signature.ts'
import type { Family } from './catalogue.ts'
import { families, prefersEdwards } from './catalogue.ts'
import { dekBytes } from './mechanism.ts'
import { type MechanismName, mechanismOf, type WrapMode } from './mechanisms.ts'
import type { Handle, Module } from './module.ts'
import { faultsOf, flagsOf, type Kind } from './objects.ts'
import { edwardsMechanisms } from './signing.ts'

/** What a module can do, found by trying it. */
export type Capabilities = {
  readonly wrap: WrapMode
  readonly edwards: boolean
  /** What would have been chosen before and cannot be relied on here, and why, in words. */
  readonly lacks: readonly string[]
  canServe(mechanism: MechanismName): boolean
  /** What a new epoch of a family is made for. */
  mechanismFor(family: Family): MechanismName
}

const wrapModes: readonly WrapMode[] = ['aes-kw', 'aes-gcm', 'rsa-oaep-sha256']
const message = Buffer.from('countroom capability probe')

/**
 * Tries on keys of a session what will be asked of the token, and chooses: the first way to wrap that works, or the one
 * that is `forced`; Ed25519 where there is one. What a module says about itself is not enough, because modules list what
 * they refuse and accept what they should not.
 *
 * @throws Error with the list of what is missing
 */
export function probe(module: Module, forced?: WrapMode): Capabilities {
  const found = new Map<MechanismName, string | undefined>()
  const faultOf = (name: MechanismName) => {
    if (!found.has(name)) found.set(name, tried(module, name))
    return found.get(name)
  }
  const candidates = forced ? [forced] : wrapModes
  const wrap = candidates.find((name) => faultOf(name) === undefined)
  const missing = [
    ...(wrap ? [] : candidates.map((name) => `wrapping keys by ${name}: ${faultOf(name)}`)),
    ...(['hmac-sha256', 'ecdsa-p256-sha256'] as const).flatMap((name) => {
      const fault = faultOf(name)
      return fault === undefined ? [] : [`${name}: ${fault}`]
    }),
  ]
  if (!wrap || missing.length > 0) throw new Error(`This module cannot serve. It lacks ${missing.join('; ')}.`)
  const edwards = faultOf('ed25519') === undefined
  return {
    wrap,
    edwards,
    lacks: [...found].flatMap(([name, fault]) => (fault === undefined ? [] : [`${name}: ${fault}`])),
    canServe: (name) => faultOf(name) === undefined,
    mechanismFor(family) {
      const { use } = families[family]
      if (use === 'wrap') return wrap
      if (use === 'mac') return 'hmac-sha256'
      return edwards && prefersEdwards.has(family) ? 'ed25519' : 'ecdsa-p256-sha256'
    },
  }
}

/** Why a mechanism cannot be relied on; undefined when all that was tried went well. */
function tried(module: Module, name: MechanismName): string | undefined {
  const { needs } = mechanismOf(name)
  const absent = needs.filter((each) => !module.mechanisms.has(each))
  if (absent.length > 0) return `no ${absent.map(nameOf).join(', no ')}`
  try {
    return module.use((session) => trial(module, session, name))
  } catch (error) {
    return (error as Error).message
  }
}

function trial(module: Module, session: Handle, name: MechanismName): string | undefined {
  const mechanism = mechanismOf(name)
  const objects = mechanism.generate(module, session, 'countroom-probe', false)
  try {
    const find = (kind: Kind) => {
      const object = objects[kind]
      if (!object) throw new Error(`it made no ${kind} key`)
      return object
    }
    const faults = Object.entries(mechanism.parts)
      .filter(([kind]) => kind !== 'public')
      .flatMap(([kind, use]) => faultsOf('the key', kind as Kind, use, flagsOf(module, session, find(kind as Kind))))
    if (faults.length > 0) return faults.join(', ')
    switch (mechanism.use) {
      case 'mac': {
        const mac = () => mechanism.mac(module, session, find, message)
        return mac().equals(mac()) ? undefined : 'the same text has two MACs'
      }
      case 'sign': {
        const signature = mechanism.signMessage(module, session, find, message)
        const spki = mechanism.spki?.(module, session, find) ?? Buffer.alloc(0)
        const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
        return isSigned(key, message, signature) ? undefined : 'its signature is not good'
      }
      case 'wrap': {
        const dek = module.raw.C_GenerateRandom(session, Buffer.alloc(dekBytes))
        const wrapped = mechanism.wrap(module, session, find, dek, message)
        return mechanism.unwrap(module, session, find, wrapped, message).equals(dek)
          ? undefined
          : 'another key comes back'
      }
    }
  } finally {
    for (const object of Object.values(objects)) module.raw.C_DestroyObject(session, object)
  }
}

function nameOf(mechanism: number): string {
  const known = Object.entries({ ...pkcs11js, ...edwardsMechanisms }).find(
    ([name, value]) => name.startsWith('CKM_') && value === mechanism,
  )
  return known?.[0] ?? `mechanism 0x${mechanism.toString(16)}`
}
