import type { MiddlewareHandler } from 'hono'
import { Refusal } from '#base'
import * as licences from '#licences'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'

/** What begins something: an account, a stake. Whoever is elsewhere may still end a round, take their money out and bar themselves. */
const beginnings =
  /^\/api\/(registrations(\/\w+)?|deposits|games\/[^/]+\/(rounds|fair-rounds|free-rounds)|free-rounds\/moves)$/

/** A licence changes by a migration; so long a core may go by the one before. */
const keepMs = 5000

/**
 * Play is not offered to who is where the licence does not allow it, by the country that the edge tells of their network. Where the edge
 * knows none, nobody is held to it.
 *
 * @throws Refusal `licences.country_blocked`
 */
export function offeredHere(host: Host): MiddlewareHandler<FaceEnv> {
  let blocked: ReadonlySet<string> = new Set()
  let readMs = Number.NEGATIVE_INFINITY
  return async function offeredHere(c, next) {
    const country = c.req.header('x-client-country')
    if (country !== undefined && c.req.method === 'POST' && beginnings.test(c.req.path)) {
      if (performance.now() - readMs > keepMs) {
        blocked = new Set((await licences.rules(host.sql)).countriesBlocked)
        readMs = performance.now()
      }
      if (blocked.has(country))
        throw new Refusal('refused', 'licences.country_blocked', 'We may not offer play where you are.')
    }
    await next()
  }
}
