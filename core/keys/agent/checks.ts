import { createHash, createPublicKey } from 'node:crypto'
import { isSigned } from '../signature.ts'
import { parseKey } from './catalogue.ts'
import { mechanismOf } from './mechanisms.ts'
import type { Entry } from './register.ts'
import type { KeyRef, Token } from './token.ts'

const text = (ref: KeyRef) => Buffer.from(`countroom-key-check-1|${ref.key}`)
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const sample = (ref: KeyRef) => digest(text(ref))

/**
 * What a key is known by from now on: the HMAC of a fixed text, a fixed text wrapped, or the digest of the public half.
 * Neither gives anything away about the key.
 */
export function checkOf(token: Token, ref: KeyRef): { check: string; spki?: string } {
  const { use, parts } = mechanismOf(ref.mechanism)
  if (use === 'mac') return { check: token.mac(ref, text(ref)).toString('hex') }
  const spki = parts.public ? token.spki(ref) : undefined
  const check = use === 'wrap' ? token.wrap(ref, sample(ref), text(ref)) : digest(spki ?? Buffer.alloc(0))
  return { check: check.toString('hex'), ...(spki ? { spki: spki.toString('base64') } : {}) }
}

/** What is wrong with a key in the token, seen from its entry; nothing when it is that very key, fit for its use. */
export function faultsOfEntry(token: Token, entry: Entry): string[] {
  try {
    const faults = token.faults(entry)
    return isSame(token, entry) ? faults : [...faults, `${entry.key} is another key than the register knows`]
  } catch (error) {
    return [`${entry.key}: ${(error as Error).message}`]
  }
}

/** What is wrong with all that is in the token, seen from the entries. */
export function faultsOfToken(token: Token, entries: readonly Entry[]): string[] {
  return [
    ...entries.filter((entry) => entry.state !== 'destroyed').flatMap((entry) => faultsOfEntry(token, entry)),
    ...risenIn(token, entries).map((name) => `${name} was destroyed and is in the token again`),
    ...strangersIn(token, entries).map((name) => `${name} is in the token and not in the register`),
  ]
}

/** What is in the token and should not be any more. */
export function risenIn(token: Token, entries: readonly Entry[]): string[] {
  const names = token.names()
  return entries.filter(({ key, state }) => state === 'destroyed' && names.has(key)).map(({ key }) => key)
}

/** What bears a name of ours and is not ours. */
export function strangersIn(token: Token, entries: readonly Entry[]): string[] {
  const known = new Set(entries.map(({ key }) => key))
  return [...token.names()].filter((name) => parseKey(name) && !known.has(name))
}

function isSame(token: Token, entry: Entry): boolean {
  const known = Buffer.from(entry.check, 'hex')
  if (entry.spki !== undefined && token.spki(entry).toString('base64') !== entry.spki) return false
  switch (mechanismOf(entry.mechanism).use) {
    case 'mac':
      return token.mac(entry, text(entry)).equals(known)
    case 'wrap':
      return opens(token, entry, known)
    case 'sign': {
      // The public half lies in an object of its own: only a signature shows that the private half belongs to it.
      const key = createPublicKey({ key: Buffer.from(entry.spki ?? '', 'base64'), format: 'der', type: 'spki' })
      return isSigned(key, text(entry), token.signMessage(entry, text(entry)))
    }
  }
}

function opens(token: Token, entry: Entry, wrapped: Buffer): boolean {
  try {
    return token.unwrap(entry, wrapped, text(entry)).equals(sample(entry))
  } catch {
    return false
  }
}
