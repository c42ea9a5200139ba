import { createHash } from 'node:crypto'
import type { Origin } from '../entry.ts'
import { checkOf } from './checks.ts'
import { newMaterial } from './material.ts'
import { sealTo } from './sealing.ts'
import type { KeyRef, Token } from './token.ts'

/** A recovery key as every agent knows it: its public half, and the marks of the shares of its private half. */
export type Recovery = {
  readonly name: string
  readonly publicKey: string
  readonly threshold: number
  readonly custodians: ReadonlyArray<{ readonly name: string; readonly mark: string }>
  readonly heldAt: string
  /** The epoch of `hk-recovery` that authenticates copies. */
  readonly key: string
  /** Where it took the place of another: the word of that one's quorum, a MAC by `by`. */
  readonly endorsed?: { readonly by: string; readonly mac: string }
}

/** A key as it is kept outside a token: sealed to the recovery key, authenticated by a key that follows from it. */
export type Copy = { readonly recovery: string; readonly sealed: string; readonly mac: string }

export type Birth = { readonly origin: Origin; readonly check: string; readonly spki?: string; readonly copy?: Copy }

/** Makes a key in the token; or outside of it where a ceremony was held, and then a sealed copy is all that stays outside. */
export function bear(token: Token, ref: KeyRef, recovery: Recovery | undefined): Birth {
  if (!recovery) {
    token.create(ref)
    refuseUnfit(token, ref)
    return { origin: 'token', ...checkOf(token, ref) }
  }
  const material = newMaterial(ref.mechanism)
  try {
    token.import(ref, material)
    refuseUnfit(token, ref)
    const known = checkOf(token, ref)
    const copy = copyOf(token, { ...ref, ...known }, material, recovery)
    return { origin: 'ceremony', ...known, copy }
  } finally {
    material.fill(0)
  }
}

/** A key's material, sealed to a recovery key. */
export function copyOf(token: Token, entry: KeyRef & { check: string }, material: Buffer, recovery: Recovery): Copy {
  const bound = boundOf(recovery.name, entry)
  const sealed = sealTo(Buffer.from(recovery.publicKey, 'base64'), material, bound)
  const mac = token.mac({ key: recovery.key, mechanism: 'hmac-sha256' }, authenticated(bound, sealed))
  return { recovery: recovery.name, sealed: sealed.toString('base64'), mac: mac.toString('base64') }
}

/** What the quorum of an earlier recovery key says of the next one. */
export function endorsementOf(token: Token, by: string, { endorsed: _none, ...recovery }: Recovery): string {
  const said = createHash('sha256').update('countroom-endorsed-1|').update(JSON.stringify(recovery)).digest()
  return token.mac({ key: by, mechanism: 'hmac-sha256' }, said).toString('base64')
}

/** What the module made is read back: it may have made something else than it was asked for. */
function refuseUnfit(token: Token, ref: KeyRef): void {
  const faults = token.faults(ref)
  if (faults.length === 0) return
  token.destroy(ref.key)
  throw new Error(`the module makes keys that must not be used: ${faults.join('; ')}`)
}

/** What a copy is bound to: it is no other key, of no other mechanism, under no other recovery key. */
export function boundOf(recovery: string, { key, mechanism, check }: KeyRef & { check: string }): Buffer {
  return Buffer.from(JSON.stringify(['countroom-copy-1', recovery, key, mechanism, check]))
}

/** What the MAC of a copy is made over. */
export function authenticated(bound: Buffer, sealed: Buffer): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bound).digest()).update(sealed).digest()
}
