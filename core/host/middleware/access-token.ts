import type { MiddlewareHandler } from 'hono'
import * as access from '#access'
import { Refusal } from '#base'
import type { AccessRule } from '../access-rule.ts'
import type { FaceEnv } from '../face.ts'
import type { Host } from '../host.ts'
import { openTokens } from '../oauth/token.ts'

/** Who may use a route: machines that show an access token for this scope, and that the token is their own. */
export function accessToken(host: Host) {
  const verify = openTokens(host)
  return (scope: access.Scope) => ({
    'x-access': { scope } satisfies AccessRule,
    security: [{ oauth: [scope] }],
    middleware: before(verify, scope),
  })
}

function before(verify: ReturnType<typeof openTokens>, scope: access.Scope): MiddlewareHandler<FaceEnv> {
  return async function accessToken(c, next) {
    try {
      const headers = Object.fromEntries(c.req.raw.headers)
      const bearer = await verify({ method: c.req.method, path: c.req.path, headers })
      c.set('client', bearer.client)
      if (!bearer.scopes.has(scope)) throw access.scopeMissing(scope)
    } catch (error) {
      if (error instanceof Refusal) c.env.outgoing.setHeader('www-authenticate', challengeOf(error, scope))
      throw error
    }
    await next()
  }
}

/** RFC 9449 7.1 and RFC 6750 3: what would be taken, and what was wrong. */
function challengeOf({ code }: Refusal, scope: string): string {
  const errors: Record<string, string> = {
    'access.token_refused': 'invalid_token',
    'access.scope_missing': 'insufficient_scope',
  }
  const error = errors[code]
  return `DPoP algs="ES256 Ed25519 EdDSA PS256", scope="${scope}"${error ? `, error="${error}"` : ''}`
}
