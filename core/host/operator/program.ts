import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { enqueue } from '#base'
import * as program from '#program'
import { permits } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, writes, writesNothing } from '../face.ts'
import { type Host, mutate } from '../host.ts'

const digest = z.string().nullable().openapi({ example: '9f86d081884c7d65…' })
const programSchema = z
  .object({
    node: z.string(),
    state: z.enum(['approved', 'differs', 'unknown']),
    inspectedAt: z.iso.datetime().nullable(),
    occasion: z.enum(['approval', 'start', 'daily', 'demand']).nullable(),
    expected: digest,
    actual: digest,
    files: z.number().int(),
    differences: z.number().int(),
    firstBad: z.string().nullable(),
  })
  .openapi('ControlProgram')

const reason = z.string().trim().min(3).max(400)

/** Whether the bytes that serve are the bytes that were approved (GLI-19 2.3.2): by the last look, and a new one on demand. */
export function programRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/program',
      ...permits('program.view'),
      ...writesNothing('it tells of the program, and of nobody'),
      summary: 'The control program by its last inspection: what was approved, what was found.',
      responses: {
        200: { description: 'The last inspection.', content: { 'application/json': { schema: programSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const { node } = host.config.program
      const last = await program.lastVerdict(host.sql, node)
      const nothing = { occasion: null, expected: null, actual: null, files: 0, differences: 0, firstBad: null }
      if (!last) return c.json({ node, state: 'unknown' as const, inspectedAt: null, ...nothing }, 200)
      const { at, ok, ...found } = last
      const state = ok ? ('approved' as const) : ('differs' as const)
      return c.json({ node, state, inspectedAt: at.toISOString(), ...found }, 200)
    },
  )
  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/program/inspections',
      ...permits('program.verify'),
      ...writes('program.verification_asked'),
      summary: 'Asks for an inspection now; it takes some seconds, and its verdict is the next one to be read.',
      request: {
        headers: idempotencyHeader,
        body: { required: true, content: { 'application/json': { schema: z.strictObject({ reason }) } } },
      },
      responses: {
        202: {
          description: 'Asked.',
          content: { 'application/json': { schema: z.object({ asked: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { reason } = c.req.valid('json')
      return mutate(host, c, { operation: 'program.inspect', payload: { reason } }, async (tx, command) => {
        await enqueue(tx, { queue: 'program.inspect-now', data: {} })
        await audit.record(tx, command, {
          action: 'program.verification_asked',
          subject: host.config.program.node,
          reason,
        })
        return { status: 202, body: { asked: true } }
      })
    },
  )
  return routes
}
