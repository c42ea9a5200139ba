import type { MiddlewareHandler } from 'hono'
import type { FaceEnv } from '../face.ts'

const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** What a browser must know of every page: nothing from elsewhere, nothing inline, no frames. */
export function securityHeaders(): MiddlewareHandler<FaceEnv> {
  return async function securityHeaders(c, next) {
    await next()
    const headers = c.res.headers
    headers.set('content-security-policy', policy)
    headers.set('x-content-type-options', 'nosniff')
    headers.set('referrer-policy', 'same-origin')
    headers.set('cross-origin-opener-policy', 'same-origin')
    headers.set('cross-origin-resource-policy', 'same-origin')
    headers.set('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=()')
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  }
}
