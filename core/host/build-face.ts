import type { OpenAPIHono } from '@hono/zod-openapi'
import { routePath } from 'hono/route'
import { Refusal } from '#base'
import { createRoutes, type FaceEnv } from './face.ts'
import { commandOf, type Host } from './host.ts'
import { openIncidents } from './incidents.ts'
import { bodyWithin } from './middleware/body.ts'
import { inTime, nodeClockMs } from './middleware/deadline.ts'
import { edgeIdentity } from './middleware/edge-identity.ts'
import { observe } from './middleware/observe.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { problemOf, problemResponse } from './refusals.ts'

/** What every face has: the edge's word on who asks, limits, counting, and one way to say no. */
export function buildFace(
  host: Host,
  name: 'player' | 'operator' | 'partner',
  ready: () => Promise<string[]>,
): OpenAPIHono<FaceEnv> {
  const app = createRoutes()
  const incidents = openIncidents(host)
  if (host.tracing) app.use(host.tracing.requests(name))
  app.use(edgeIdentity())
  app.use(securityHeaders())
  app.use(observe(name, host.log))
  app.use(inTime())
  app.use(bodyWithin(host.config.limits.bodyBytesMax))
  app.get('/health/ready', async (c) => {
    const missing = await ready()
    return c.json({ ready: missing.length === 0, missing, now: nodeClockMs() }, missing.length === 0 ? 200 : 503)
  })
  app.notFound((c) =>
    problemResponse(problemOf(new Refusal('absent', 'request.no_route', 'There is nothing here.'), c.get('requestId'))),
  )
  app.onError(async (error, c) => {
    const requestId = c.get('requestId')
    const problem = problemOf(error, requestId)
    if (problem.status >= 500) host.log.error({ requestId, err: error, code: problem.code }, 'request failed')
    await incidents.note(commandOf(host, c), { where: `${c.req.method} ${routePath(c, -1)}`, error, problem })
    return problemResponse(problem)
  })
  return app
}
