import { timingSafeEqual } from 'node:crypto'
import { epochName } from './catalogue.ts'
import type { Keyring } from './keyring.ts'
import { dekBytes, within } from './mechanism.ts'
import { ModuleLost } from './module.ts'
import { AgentRefusal } from './refusal.ts'
import type { Entry } from './register.ts'
import type { Token } from './token.ts'

export type WrappedDek = { kek: string; wrapped: Buffer; binding: Buffer }
export type Deks = {
  create(kek: string, context: Buffer): WrappedDek & { dek: Buffer }
  open(wrapped: WrappedDek & { context: Buffer }): Buffer
  /** The same data key under the family's active epoch. */
  rewrap(wrapped: WrappedDek & { context: Buffer }): WrappedDek
}

const contextBytesMax = 4096
const bindingFamily = 'hk-dek-binding'

/**
 * Data keys, wrapped and bound to the row they stand in. A binding is the HMAC of the token over epoch, context and
 * wrapped key; it names its own epoch unless that is the first. Whatever does not open is refused in the same words.
 */
export function openDeks(token: Token, keyring: Keyring): Deks {
  return {
    create(name, context) {
      const kek = keyring.find(name, 'anew')
      within(context.length, 1, contextBytesMax, 'context bytes')
      const dek = token.random(dekBytes)
      const wrapped = token.wrap(kek, dek, bound(kek, context))
      return { dek, kek: kek.key, wrapped, binding: bind(kek, context, wrapped) }
    },
    open: (given) => proven(given, (kek) => token.unwrap(kek, given.wrapped, bound(kek, given.context))),
    rewrap(given) {
      const { context } = given
      const to = keyring.find(keyring.find(given.kek, 'compare').family, 'anew')
      const wrapped = proven(given, (kek) =>
        token.rewrap(
          { ref: kek, wrapped: given.wrapped, bound: bound(kek, context) },
          { ref: to, bound: bound(to, context) },
        ),
      )
      return { kek: to.key, wrapped, binding: bind(to, context, wrapped) }
    },
  }

  /** Does something with a wrapped key once it is known to stand where it was made for. */
  function proven(given: WrappedDek & { context: Buffer }, work: (kek: Entry) => Buffer): Buffer {
    const kek = keyring.find(given.kek, 'compare')
    try {
      if (!isBound(kek, given.context, given.wrapped, given.binding)) throw new Error('it is not bound to this place')
      return work(kek)
    } catch (error) {
      if (error instanceof ModuleLost) throw error
      throw new AgentRefusal('keys.refused', 'this wrapped key does not open here')
    }
  }

  function bind(kek: Entry, context: Buffer, wrapped: Buffer): Buffer {
    const by = keyring.find(bindingFamily, 'anew')
    const mac = token.mac(by, Buffer.concat([bound(kek, context), wrapped]))
    if (by.epoch === 1) return mac
    const epoch = Buffer.alloc(4)
    epoch.writeUInt32BE(by.epoch)
    return Buffer.concat([epoch, mac])
  }

  function isBound(kek: Entry, context: Buffer, wrapped: Buffer, binding: Buffer): boolean {
    if (binding.length !== 32 && binding.length !== 36) return false
    const epoch = binding.length === 32 ? 1 : binding.readUInt32BE(0)
    const by = keyring.find(epochName(bindingFamily, epoch), 'compare')
    return timingSafeEqual(token.mac(by, Buffer.concat([bound(kek, context), wrapped])), binding.subarray(-32))
  }
}

function bound(kek: Entry, context: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${kek.key}|${context.length}|`), context])
}
