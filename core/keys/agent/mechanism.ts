import type { Use } from './catalogue.ts'
import { type Handle, type Module, TokenRefusal } from './module.ts'
import type { Kind, Usage } from './objects.ts'

export const dekBytes = 32
export const messageBytesMax = 64 * 1024

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

export function within(value: number, min: number, max: number, what: string): void {
  if (!(value >= min && value <= max)) throw new TokenRefusal(`${what}: ${value} is not within ${min} and ${max}`)
}
