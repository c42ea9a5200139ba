import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { pemParts, type RevocationList, readRevocationList } from '#base'
import type { Home } from './home.ts'

/** The revocation lists of a home; OpenSSL in every process of it judges by them, and lets nobody in by one that has ended. */
const file = 'tls/revoked.pem'
/** While the lists were signed by this node alone: the ones it signed them from, which say how much is known. */
const knownFile = 'tls/revoked.known'
/** What this node signed alone and the audit log has not heard of. */
const aloneFile = 'tls/alone.json'

/** A list by one authority of ours, whose signature was verified. */
export type SignedList = RevocationList & { pem: string; number: bigint }

/** What was signed without the database, for the audit log. */
export type SignedAlone = { at: string; by: string; lists: string[]; serials: string[] }

/**
 * The authorities above what a component of this home shows, from the root on: a good list of each has to be there. None where there is no
 * certificate yet.
 */
export function authoritiesAbove(home: Home, shown: 'postgres' | 'edge' = 'postgres'): X509Certificate[] {
  if (!home.has(`tls/${shown}.pem`) || !home.has('tls/ca.pem')) return []
  const [, issuing] = certificatesIn(home, `${shown}.pem`)
  const root = certificatesIn(home, 'ca.pem').find((each) => issuing?.ca && issuing.verify(each.publicKey))
  return issuing && root ? [root, issuing] : []
}

/** Of this authority, the newest that a text holds; what cannot be read or was signed by nobody of ours is none. */
export function newestOf(authority: X509Certificate, ...texts: readonly string[]): SignedList | undefined {
  const found = texts.flatMap((text) => pemParts(text, 'X509 CRL')).flatMap((pem) => signedBy(authority, pem))
  return found.reduce<SignedList | undefined>(
    (best, each) => (best && best.number >= each.number ? best : each),
    undefined,
  )
}

/** Whether the newest list of each authority is good now. */
export function isWhole(authorities: readonly X509Certificate[], texts: readonly string[], now: Date): boolean {
  return authorities.every((authority) => {
    const newest = newestOf(authority, ...texts)
    return newest !== undefined && isGood(newest, now)
  })
}

function isGood({ thisUpdate, nextUpdate }: RevocationList, now: Date): boolean {
  return thisUpdate <= now && nextUpdate !== undefined && nextUpdate > now
}

/** What the files of a home hold: the lists in use, and those that say how much is known. */
export function heldLists(home: Home): { used: string; known: string } {
  const used = read(home, file) ?? ''
  return { used, known: read(home, knownFile) ?? used }
}

/** The greatest number on a list that this node signed alone: what the database says next has one above it. */
export function numberAlone(home: Home): bigint {
  if (!home.has(knownFile)) return 0n
  const numbers = pemParts(heldLists(home).used, 'X509 CRL').flatMap((pem) => {
    try {
      return [readRevocationList(pem).number ?? 0n]
    } catch {
      return [] // what is damaged is written anew
    }
  })
  return numbers.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? 0n
}

/** Takes lists into use that somebody signed who knew what the database says. Answers whether they are others than before. */
export function putLists(home: Home, lists: string): boolean {
  const isNew = heldLists(home).used !== lists
  if (isNew) home.write(file, lists, 0o644)
  rmSync(home.path(knownFile), { force: true })
  return isNew
}

/** Takes lists of a package into use, those of each authority that are no older than what is here. */
export function putNewer(home: Home, lists: string): void {
  const { known } = heldLists(home)
  const newest = authoritiesAbove(home).flatMap((authority) => newestOf(authority, known, lists)?.pem ?? [])
  if (newest.length > 0) putLists(home, newest.join(''))
}

/** Takes lists into use that this node signed alone, from what was `known`. */
export function putAlone(home: Home, lists: string, known: string): void {
  home.write(knownFile, known, 0o644)
  home.write(file, lists, 0o644)
}

/** Keeps for the audit log that something was signed without it. */
export function noteAlone(home: Home, signed: SignedAlone): void {
  home.write(aloneFile, `${JSON.stringify([...signedAlone(home), signed], null, 2)}\n`, 0o644)
}

export function signedAlone(home: Home): SignedAlone[] {
  const text = read(home, aloneFile)
  return text === undefined ? [] : (JSON.parse(text) as SignedAlone[])
}

export function forgetAlone(home: Home): void {
  rmSync(home.path(aloneFile), { force: true })
}

function signedBy(authority: X509Certificate, pem: string): SignedList[] {
  try {
    const list = readRevocationList(pem)
    const { number } = list
    return number !== undefined && list.isSignedBy(authority.publicKey) ? [{ ...list, number, pem }] : []
  } catch {
    return []
  }
}

function certificatesIn(home: Home, name: string): X509Certificate[] {
  return pemParts(readFileSync(home.path('tls', name), 'utf8'), 'CERTIFICATE').map((pem) => new X509Certificate(pem))
}

function read(home: Home, path: string): string | undefined {
  return existsSync(home.path(path)) ? readFileSync(home.path(path), 'utf8') : undefined
}
