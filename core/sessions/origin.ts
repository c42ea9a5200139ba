import { createHash } from 'node:crypto'
import { networkOf, type Reader, type Tx } from '#base'
import { type KeyedCommand, type Keys, open, openIfKept, seal } from '#keys'
import type { Place } from './ports.ts'

/** Where a sign-in comes from, as far as it can be told. */
export type Origin = {
  address: string
  /** The secret in the browser's long-lived cookie, if it has one. */
  device: string | undefined
  /** In words for people: "Firefox on Linux". */
  browser: string
  place: Place | undefined
  listed: boolean
}

/** What is kept of it, sealed: the network instead of the address. */
export type KeptOrigin = { browser: string; network: string; place: Place | null }

/** Counted under a digest, so that the table tells nobody who was here; of what has too many values to be guessed. */
export function subjectOf(kind: 'device' | 'player', value: string): Buffer {
  return createHash('sha256').update(`${kind}|${value}`).digest()
}

/**
 * The same of what could be guessed: a MAC under a key of the token. After a rotation of the key it is another, so what a network failed at is
 * forgotten by it, which is half an hour's worth.
 */
export function guardedSubjectOf(keys: Keys, kind: 'network' | 'site', value: string): Promise<Buffer> {
  return keys.mac('hk-pepper', Buffer.from(`sign-in|${kind}|${value}`))
}

type SignIn = { signIn: string; player: string }

export function sealOrigin(tx: Tx, command: KeyedCommand, signIn: SignIn, origin: Origin): Promise<Buffer> {
  const kept: KeptOrigin = {
    browser: origin.browser,
    network: networkOf(origin.address),
    place: origin.place ?? null,
  }
  return seal(tx, command, { ...placeOf(signIn), plaintext: JSON.stringify(kept) })
}

export async function openOrigin(
  reader: Reader,
  keys: Keys,
  { origin, ...signIn }: SignIn & { origin: Buffer },
): Promise<KeptOrigin> {
  return JSON.parse((await open(reader, keys, { ...placeOf(signIn), envelope: origin })).toString()) as KeptOrigin
}

/** The same; undefined once the player was erased. */
export async function openOriginIfKept(
  reader: Reader,
  keys: Keys,
  { origin, ...signIn }: SignIn & { origin: Buffer },
): Promise<KeptOrigin | undefined> {
  const kept = await openIfKept(reader, keys, { ...placeOf(signIn), envelope: origin })
  return kept && (JSON.parse(kept.toString()) as KeptOrigin)
}

function placeOf({ signIn, player }: SignIn) {
  return { player, purpose: 'contact' as const, table: 'sessions.sign_ins', column: 'origin', row: signIn }
}
