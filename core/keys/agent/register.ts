import { createHash, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { Handover, KeyState, Origin } from '../entry.ts'
import type { Copy, Recovery } from './births.ts'
import { type Family, registerFamily } from './catalogue.ts'
import { writeWhole } from './files.ts'
import type { SignedLog } from './heads.ts'
import type { KeyRef } from './token.ts'

/** One epoch of a family, as the register remembers it. */
export type Entry = KeyRef & {
  readonly family: Family
  readonly epoch: number
  readonly state: KeyState
  readonly origin: Origin
  readonly createdAt: string
  readonly activatedAt?: string
  readonly retiredAt?: string
  readonly destroyedAt?: string
  /** What shows that the token still holds this very key; hex. */
  readonly check: string
  /** Of a later epoch of `sk-audit`: the size from which on trees are signed by it; null until it signed one. */
  readonly signsFrom?: number | null
  readonly handover?: Handover
  /** SubjectPublicKeyInfo of a key that has a public half, base 64; stays when the key is destroyed. */
  readonly spki?: string
  /** Of a key born in a ceremony; goes with the key when that is destroyed. */
  readonly copy?: Copy
}

/** What one agent knows: the epochs, and the recovery key where a ceremony was held. */
export type State = {
  readonly entries: readonly Entry[]
  readonly recovery?: Recovery | undefined
  /** The log that `sk-audit` signs, as it was last. */
  readonly log?: SignedLog | undefined
}

export type Register = State & {
  /** The journal's line that ordered this state: a journal that does not have it was cut. */
  readonly journal: { readonly number: number; readonly hash: string }
}

/** What an entry leaves behind: nothing of a destroyed key that a quorum could still open. */
export function remainsOf(entry: Entry): Entry {
  if (entry.state !== 'destroyed') return entry
  const { copy: _gone, ...rest } = entry
  return rest
}

type Sealer = (sealedBy: string, content: Buffer) => Buffer

/** A register that was read and not yet believed: its seal can be judged once the key for it is found in the token. */
export type ReadRegister = { readonly register: Register; isSealed(make: Sealer): boolean }

export function readRegister(file: string): ReadRegister | undefined {
  if (!existsSync(file)) return undefined
  const {
    sealedBy = '',
    seal = '',
    register: text = '',
  } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  const register = JSON.parse(text) as Register
  return {
    register,
    isSealed(make) {
      if (sealedBy !== sealerOf(register)) return false // a key that was rotated away seals nothing any more
      const made = make(sealedBy, sealed(sealedBy, text))
      const given = Buffer.from(seal, 'hex')
      return given.length === made.length && timingSafeEqual(given, made)
    },
  }
}

/**
 * Writes the register whole or not at all, sealed by the key that is the active one in it. So a rotation of that key is one write:
 * before it the old key is active and seals, after it the new one is and does.
 */
export function writeRegister(file: string, content: Register, make: Sealer): void {
  const sealedBy = sealerOf(content)
  if (sealedBy === undefined) throw new Error(`there is no active ${registerFamily}`)
  const register = JSON.stringify(content)
  const seal = make(sealedBy, sealed(sealedBy, register)).toString('hex')
  writeWhole(file, `${JSON.stringify({ sealedBy, seal, register }, null, 2)}\n`)
}

function sealerOf({ entries }: State): string | undefined {
  return entries.find(({ family, state }) => family === registerFamily && state === 'active')?.key
}

function sealed(sealedBy: string, register: string): Buffer {
  return createHash('sha256').update(`countroom-register-1|${sealedBy}|${register}`).digest()
}
