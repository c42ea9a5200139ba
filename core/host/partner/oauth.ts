import { Hono } from 'hono'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { machineIssuer, oauthPath } from '../oauth/issuers.ts'
import { answerByLibrary } from '../oauth/mount.ts'
import { openOAuth } from '../oauth/oauth.ts'

/**
 * OAuth 2.0 for machines. Its own document says what there is: `/oauth/.well-known/openid-configuration`. Answers and errors are
 * OAuth's (RFC 6749), so none of it stands in this face's OpenAPI document.
 */
export function oauthRoutes(host: Host): Hono<FaceEnv> {
  const routes = new Hono<FaceEnv>()
  const issuer = machineIssuer(host)
  const oauth = openOAuth(host, issuer, () => import('../oauth/machines.ts'))
  routes.all(`${oauthPath}/*`, (c) => answerByLibrary(host, oauth, issuer, c))
  return routes
}
