import type { MiddlewareHandler } from 'hono'
import * as staff from '#staff'
import type { FaceContext, FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { certificateShown } from '../person.ts'
import { secretIn } from '../secret-cookie.ts'
import type { Use } from '../sign-ins.ts'

export const playerCookie = '__Host-session'
export const staffCookie = '__Host-staff'

/** Finds the player's session; how sure that must be depends on what is asked. An edge that wants to know is told whose it is, and tells nobody. */
export function playerSignIn(host: Host): MiddlewareHandler<FaceEnv> {
  return async function playerSignIn(c, next) {
    const token = secretIn(c.req.header('cookie'), playerCookie)
    if (token) {
      const session = await host.signIns.find(token, useOf(c))
      c.set('session', session)
      if (session && c.req.header('x-player-wanted')) c.env.outgoing.setHeader('x-player', session.playerId)
    }
    await next()
  }
}

/** A page is opened by a person, which their browser says (Fetch Metadata); what else is read may be read by a page by itself. */
function useOf(c: FaceContext): Use {
  if (c.req.method !== 'GET') return c.req.method === 'POST' && c.req.path.endsWith('/rounds') ? 'bet' : 'change'
  return c.req.header('sec-fetch-dest') === 'document' ? 'visit' : 'read'
}

/**
 * Finds the sign-in of a member of staff, and holds it to its person's certificate.
 *
 * @throws Refusal `staff.certificate_foreign`, `staff.certificate_required`
 */
export function staffSignIn(host: Host): MiddlewareHandler<FaceEnv> {
  return async function staffSignIn(c, next) {
    const token = secretIn(c.req.header('cookie'), staffCookie)
    const found = token ? await staff.find(host.sql, token, host.now()) : undefined
    c.set('staff', found)
    if (found) staff.holdToCertificate(found, await certificateShown(host, c))
    await next()
    if (found)
      await staff
        .noteUses(host.sql, found.id, [...found.used], host.now())
        .catch((error: Error) => host.log.warn({ reason: error.message }, 'what staff used went unnoted'))
  }
}
