import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Reader, Tx } from '#base'
import { type KeyedCommand, type Keys, open, seal } from '#keys'
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

/** The network an address belongs to as one holder has it: /24 of IPv4, /64 of IPv6 (RFC 6177). */
export function networkOf(address: string): string {
  return prefixOf(address, 4)
}

/** What one holder may have of such networks: a /48 of IPv6 is given to a single site (RFC 6177); of IPv4 the network itself. */
export function siteOf(address: string): string {
  return prefixOf(address, 3)
}

function prefixOf(address: string, length: number): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return prefixOf(mapped, length)
  if (!isIPv6(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail ? tail.split(':') : []
  const groups =
    tail === undefined ? front : [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back]
  return `${groups
    .slice(0, length)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/${length * 16}`
}

/** Counted under a digest, so that the table tells nobody who was here. */
export function subjectOf(kind: 'network' | 'site' | 'device' | 'player', value: string): Buffer {
  return createHash('sha256').update(`${kind}|${value}`).digest()
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

function placeOf({ signIn, player }: SignIn) {
  return { player, purpose: 'contact' as const, table: 'sessions.sign_ins', column: 'origin', row: signIn }
}
