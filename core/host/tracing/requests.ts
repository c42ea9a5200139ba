import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { FaceEnv } from '../face.ts'
import { type Spans, sampledParent } from './spans.ts'

/** Follows a request that its edge follows: by its route and never by its path, which may hold ids. */
export function followRequests(spans: Spans, face: string): MiddlewareHandler<FaceEnv> {
  return async function follow(c, next) {
    const parent = sampledParent(c.req.header('traceparent'))
    if (!parent) return next()
    const { method } = c.req
    const span = spans.begin(method, SpanKind.SERVER, parent, {
      'http.request.method': method,
      'url.scheme': 'https',
      'countroom.face': face,
    })
    try {
      await spans.within([span], next)
    } finally {
      const route = routePath(c, -1)
      const { outgoing } = c.env
      const status = outgoing.headersSent ? outgoing.statusCode : c.res.status
      span.updateName(`${method} ${route}`)
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status })
      if (status >= 500) {
        span.setAttribute('error.type', String(status))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    }
  }
}
