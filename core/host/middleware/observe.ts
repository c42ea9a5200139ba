import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { Counter, Histogram } from 'prom-client'
import type { FaceEnv } from '../face.ts'
import type { Logger } from '../log.ts'

const requests = new Counter({
  name: 'countroom_requests_total',
  help: 'Requests by face, route, method and status.',
  labelNames: ['face', 'route', 'method', 'status'],
})

const durations = new Histogram({
  name: 'countroom_request_seconds',
  help: 'Time from the request to its answer, by face and route.',
  labelNames: ['face', 'route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
})

/** Counts each request under its route (never under its path, which may hold ids) and logs what went wrong or changed something. */
export function observe(face: string, log: Logger): MiddlewareHandler<FaceEnv> {
  return async function observe(c, next) {
    const started = performance.now()
    await next()
    const seconds = (performance.now() - started) / 1000
    const route = routePath(c, -1)
    const { outgoing } = c.env
    const status = outgoing.headersSent ? outgoing.statusCode : c.res.status // OAuth's library answers by itself
    requests.inc({ face, route, method: c.req.method, status })
    durations.observe({ face, route }, seconds)
    const tells = c.req.method !== 'GET' || status >= 400
    log[tells ? 'info' : 'debug'](
      {
        requestId: c.get('requestId'),
        face,
        route,
        method: c.req.method,
        status,
        ms: Math.round(seconds * 1000),
      },
      'request',
    )
  }
}
