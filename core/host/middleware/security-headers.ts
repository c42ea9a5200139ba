import type { MiddlewareHandler } from 'hono'
import type { FaceEnv } from '../face.ts'

const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const fixed = Object.entries({
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  'cache-control': 'no-store', // unless the route says otherwise
})

/**
 * What a browser must know of every page: nothing from elsewhere, nothing inline, no frames. Written on Node's own
 * response before the route answers: touching `c.res.headers` would turn every answer into a web Headers and back.
 */
export function securityHeaders(): MiddlewareHandler<FaceEnv> {
  return async function securityHeaders(c, next) {
    for (const [name, value] of fixed) c.env.outgoing.setHeader(name, value)
    await next()
  }
}
