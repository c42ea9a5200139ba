import type { Face } from '../faces.ts'
import type { SipHash } from './siphash.ts'

/** Who asks, by a kind of name of theirs, as two words of a keyed hash: cheap to compare, and it tells nobody whose it is. */
export type Asker = { readonly low: number; readonly high: number }

export function askerOf(hash: SipHash, kind: 'network' | 'player' | 'session' | 'token' | 'rule', name: string): Asker {
  hash.of(kind[0] + name)
  return { low: hash.low, high: hash.high }
}

/** Of each face its own: one of another face's name is nothing to its cores. */
const sessionCookies: Partial<Record<Face, RegExp>> = {
  player: /(?:^|;\s*)__Host-session=([A-Za-z0-9_-]{43})(?:;|$)/,
  operator: /(?:^|;\s*)__Host-staff=([A-Za-z0-9_-]{43})(?:;|$)/,
}

/** The secret of a sign-in in a Cookie header; undefined when there is none that a core would look at (`core/host/secret-cookie.ts`). */
export function sessionIn(face: Face, cookie: string | undefined): string | undefined {
  return cookie === undefined ? undefined : sessionCookies[face]?.exec(cookie)?.[1]
}

/** The access token in an Authorization header. */
export function tokenIn(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const space = authorization.indexOf(' ')
  return space > 0 && authorization.length < 8192 ? authorization.slice(space + 1) : undefined
}
