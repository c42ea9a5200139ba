import { createHash } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import * as sessions from '#sessions'
import * as staff from '#staff'
import type { FaceEnv, FaceSession } from '../face.ts'
import type { Host } from '../host.ts'

export const playerCookie = '__Host-session'
export const staffCookie = '__Host-staff'

/** A token is 256 bits in base 64; anything else is not worth a query. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/

/**
 * Finds the player's session, in the database each time, so that an ended one is dead on every node at once. Bets may
 * use what this process saw some seconds ago: the transaction that settles them asks again.
 */
export function playerSignIn(host: Host): MiddlewareHandler<FaceEnv> {
  const seen = recentSessions(host.config.limits.betSessionCacheSecondsMax * 1000)
  return async function playerSignIn(c, next) {
    const token = getCookie(c, playerCookie)
    if (token && tokenForm.test(token)) {
      const digest = createHash('sha256').update(token).digest('base64')
      const mayBeSeen = c.req.method === 'POST' && c.req.path.endsWith('/rounds')
      let session = mayBeSeen ? seen.get(digest) : undefined
      if (!session) {
        session = await sessions.find(host.sql, token, host.now())
        if (session) seen.put(digest, session)
      }
      c.set('session', session)
    }
    await next()
  }
}

/** Finds the member of staff and what they may do, anew for each request; afterwards notes what they used of it. */
export function staffSignIn(host: Host): MiddlewareHandler<FaceEnv> {
  return async function staffSignIn(c, next) {
    const token = getCookie(c, staffCookie)
    const found = token && tokenForm.test(token) ? await staff.find(host.sql, token, host.now()) : undefined
    c.set('staff', found)
    await next()
    if (found)
      await staff
        .noteUses(host.sql, found.id, [...found.used], host.now())
        .catch((error: Error) => host.log.warn({ reason: error.message }, 'what staff used went unnoted'))
  }
}

const recentMax = 50_000

function recentSessions(forMs: number) {
  const entries = new Map<string, { session: FaceSession; untilMs: number }>()
  return {
    get(digest: string): FaceSession | undefined {
      const entry = entries.get(digest)
      return entry && entry.untilMs > Date.now() ? entry.session : undefined
    },
    put(digest: string, session: FaceSession): void {
      if (entries.size >= recentMax) entries.clear()
      entries.set(digest, { session, untilMs: Date.now() + forMs })
    },
  }
}
