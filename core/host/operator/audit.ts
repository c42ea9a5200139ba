import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { isUuid } from '#base'
import * as staff from '#staff'
import { createRoutes, problems, staffOf, writes } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'

const fields = z.record(z.string(), z.unknown())

const eventSchema = z
  .object({
    version: z.literal(1),
    id: z.uuid(),
    at: z.iso.datetime(),
    code: z.string().openapi({ example: 'cashier.withdrawal_approved' }),
    outcome: z.enum(['success', 'failure', 'denied']),
    actor: z.object({ kind: z.string(), id: z.string() }),
    address: z.string().optional(),
    subject: z.string(),
    player: z.string().optional(),
    requestId: z.string(),
    reason: z.string().optional(),
    detail: fields.optional(),
    before: fields.optional(),
    after: fields.optional(),
    personal: z.object({ commitment: z.string() }).optional(),
    chain: fields.optional(),
  })
  .openapi('AuditEvent')

const name = z.string().min(1).max(200)

const wantedSchema = z.strictObject({
  code: name.optional(),
  outcome: z.enum(['success', 'failure', 'denied']).optional(),
  actor: name.optional(),
  subject: name.optional(),
  player: name.optional(),
  from: z.iso.datetime().optional().openapi({ description: 'From this instant on.' }),
  to: z.iso.datetime().optional().openapi({ description: 'Before this instant.' }),
})

export function auditRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/audit',
      ...writes('audit.viewed'),
      summary: 'The audit log, newest first. Reading it is written down too.',
      request: {
        query: wantedSchema.extend({
          before: z.string().refine(isUuid).optional().openapi({ description: 'The id of the last event seen.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: {
        200: {
          description: 'Events.',
          content: { 'application/json': { schema: z.object({ events: z.array(eventSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      staff.permit(staffOf(c), 'audit.view')
      const { before, limit, ...query } = c.req.valid('query')
      const wanted = wantedOf(query)
      const events = await transact(host, async (tx) => {
        const found = await audit.search(tx, { ...wanted, limit, ...(before ? { before } : {}) })
        await audit.record(tx, commandOf(host, c), { action: 'audit.viewed', subject: 'log', detail: query })
        return found
      })
      return c.json({ events: events as z.infer<typeof eventSchema>[] }, 200)
    },
  )
  return routes
}

function wantedOf({ from, to, ...rest }: z.infer<typeof wantedSchema>): audit.Wanted {
  return { ...rest, ...(from ? { from: new Date(from) } : {}), ...(to ? { to: new Date(to) } : {}) } as audit.Wanted
}
