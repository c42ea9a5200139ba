import { createRoute, z } from '@hono/zod-openapi'
import { permits } from '../access-rule.ts'
import { createRoutes, json, problems, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'
import { lookAtService } from '../service/look.ts'

const curve = z.array(z.number().nullable())
const serviceSchema = z
  .object({
    at: z.iso.datetime(),
    sampledSince: z.iso.datetime().nullable(),
    redis: z.boolean(),
    processes: z.array(
      z.object({
        process: z.string(),
        at: z.iso.datetime(),
        loopLagSeconds: z.number().nullable(),
        memoryBytes: z.number().nullable(),
      }),
    ),
    nodes: z
      .array(
        z.object({
          name: z.string(),
          role: z.enum(['primary', 'synchronous standby', 'standby', 'follows the first site', 'away']),
          state: z.string(),
          lagBytes: z.number().nullable(),
        }),
      )
      .nullable(),
    facts: z.array(
      z.object({
        what: z.string(),
        state: z.enum(['good', 'bad', 'unknown']),
        words: z.string(),
        runbook: z.string().nullable(),
      }),
    ),
    promises: z.array(
      z.object({
        slo: z.string(),
        promise: z.string(),
        target: z.number(),
        events: z.number(),
        bad: z.number(),
        burn: z.number().nullable(),
      }),
    ),
    curves: z.object({
      at: z.array(z.number()),
      betsPerSecond: curve,
      betP50: curve,
      betP99: curve,
      faultsPerSecond: curve,
      depositsPerSecond: curve,
      settlementP99: curve,
    }),
  })
  .openapi('Service')

/** How the machinery stands, without Prometheus. */
export function serviceRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/service',
      ...permits('program.view'),
      ...writesNothing('it tells of machines, and of nobody'),
      summary: 'How the machinery stands, and the last hour of it by what cores and workers keep of themselves.',
      responses: { 200: json(serviceSchema, 'One look.'), ...problems },
    }),
    async (c) => c.json(await lookAtService(host), 200),
  )
  return routes
}
