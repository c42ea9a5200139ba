import { createHash } from 'node:crypto'
import { canonical } from '#base'

/** What a token of a machine may be used for: one scope per verb. */
export const scopes = {
  'books.read': 'Read what is owed to players and what stands on the accounts of the house.',
  'proof.read': 'Read how the books stand by the last proof.',
} as const
export type Scope = keyof typeof scopes

/** What an app may ask about the member of staff who signs in by it. */
export const appScopes: readonly string[] = ['openid', 'profile']

export const codeSecondsMax = 60 // ASVS 10.4.3
export const tokenSecondsMax = 300
/** An app signs its people on anew after a working day, however often it refreshes; ASVS 10.4.8. */
export const signOnSecondsMax = 8 * 3600
export const idTokenSecondsMax = 3600
export const interactionSecondsMax = 600
/** A proof of possession is good for so long around its instant, RFC 9449 11.1. */
export const proofSecondsMax = 60

/** A client as it is asked for: who it is, how it shows that, what binds its tokens, and what it may. */
export type ClientData = {
  /** `machine`: client credentials on the partner face. `app`: signs staff in, on the operator face. */
  kind: 'machine' | 'app'
  name: string
  /** By a signed assertion (`private_key_jwt`), or by a certificate of the private authority. */
  authentication: 'key' | 'certificate'
  /** Public keys, JWK; for `key`. */
  keys: readonly JsonWebKey[]
  /** The component whose certificate it shows; for `certificate`, or tokens bound to one. */
  component?: string | undefined
  binding: 'dpop' | 'certificate'
  scopes: readonly string[]
  /** Exact; an app's. */
  redirectUris: readonly string[]
  /** Pushes its authorization requests (RFC 9126). Only a tool with a certificate that cannot push may do without. */
  pushed: boolean
}

const keysMax = 4
const redirectsMax = 10
const uriLengthMax = 400
const publicMembers: Record<string, readonly string[]> = {
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  RSA: ['n', 'e'],
}
const besides = ['kty', 'kid', 'use', 'alg', 'key_ops']
const curves = ['P-256', 'P-384', 'Ed25519']
const modulusBytesMin = 256

/** Why there cannot be such a client; undefined when there can. */
export function faultOfClient(client: string, data: ClientData): string | undefined {
  if (!isClientName(client)) return 'a client is called by 3 to 40 small letters, digits and dashes'
  if (data.name.trim().length < 3 || data.name.length > 80) return 'a name has 3 to 80 characters'
  return faultOfProof(data) ?? (data.kind === 'machine' ? faultOfMachine(data) : faultOfApp(data))
}

export function isClientName(client: string): boolean {
  return /^[a-z][a-z0-9-]{2,39}$/.test(client)
}

function faultOfProof({ authentication, keys, component, binding }: ClientData): string | undefined {
  const shows = authentication === 'certificate' || binding === 'certificate'
  if (shows !== (component !== undefined)) return 'a component is named where a certificate is shown, and nowhere else'
  if (component !== undefined && !/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(component))
    return 'a component is named by one label of a DNS name'
  if (authentication === 'certificate')
    return keys.length === 0 ? undefined : 'who shows a certificate has no keys here'
  if (keys.length === 0 || keys.length > keysMax) return `a client has 1 to ${keysMax} public keys`
  return keys.map(faultOfKey).find((fault) => fault !== undefined)
}

/** A key is given here and never fetched: who names an address of keys would make us ask it. */
function faultOfKey(key: JsonWebKey): string | undefined {
  const members = publicMembers[key.kty ?? '']
  if (!members) return 'a key is of kind EC, OKP or RSA'
  const foreign = Object.keys(key).find((name) => !members.includes(name) && !besides.includes(name))
  if (foreign !== undefined) return `a public key has no member ${foreign}`
  const values = members.map((name) => (key as Record<string, unknown>)[name])
  if (values.some((value) => typeof value !== 'string' || !/^[A-Za-z0-9_-]+$/.test(value))) return 'a key is incomplete'
  if (key.kty !== 'RSA') return curves.includes(key.crv ?? '') ? undefined : 'a key is on P-256, P-384 or Ed25519'
  return Buffer.from(key.n ?? '', 'base64url').length < modulusBytesMin ? 'an RSA key has 2048 bits or more' : undefined
}

function faultOfMachine({ scopes: wanted, redirectUris, pushed }: ClientData): string | undefined {
  if (redirectUris.length > 0 || pushed) return 'a machine sends nobody anywhere'
  const unknown = wanted.find((scope) => !Object.hasOwn(scopes, scope))
  return unknown === undefined ? undefined : `there is no scope ${unknown}`
}

function faultOfApp({ authentication, scopes: wanted, redirectUris, pushed }: ClientData): string | undefined {
  const foreign = wanted.find((scope) => !appScopes.includes(scope))
  if (foreign !== undefined || !wanted.includes('openid'))
    return `an app has of ${appScopes.join(', ')}, openid at least`
  if (redirectUris.length === 0 || redirectUris.length > redirectsMax)
    return `an app has 1 to ${redirectsMax} addresses to return to`
  const bad = redirectUris.find((uri) => !isReturn(uri))
  if (bad !== undefined) return `${bad} is no https address that stands as it is compared`
  return pushed || authentication === 'certificate' ? undefined : 'only who shows a certificate need not push requests'
}

/** Written the one way a browser writes it: what is compared letter by letter is then what is visited. */
function isReturn(uri: string): boolean {
  const url = URL.parse(uri)
  const plain = url?.protocol === 'https:' && !url.username && !url.password && !uri.includes('#') && !uri.includes('*')
  return plain === true && url?.href === uri && uri.length <= uriLengthMax
}

/** RFC 7638: the digest of what makes a public key the one it is. */
export function thumbprintOf(key: JsonWebKey): string {
  const members = [...(publicMembers[key.kty ?? ''] ?? []), 'kty']
  const found = Object.fromEntries(members.map((name) => [name, (key as Record<string, unknown>)[name]]))
  return createHash('sha256').update(canonical(found)).digest('base64url')
}
