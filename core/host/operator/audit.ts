import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as staff from '#staff'
import { createRoutes, problems, staffOf } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'

const recordSchema = z
  .object({
    seq: z.string(),
    at: z.iso.datetime(),
    actor: z.string(),
    actorKind: z.string(),
    address: z.string(),
    action: z.string(),
    subject: z.string(),
    reason: z.string(),
    detail: z.string(),
    requestId: z.string(),
  })
  .openapi('AuditRecord')

export function auditRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/audit',
      summary: 'The audit log, newest first. Reading it is written down too.',
      request: {
        query: z.strictObject({
          subject: z.string().max(60).optional(),
          actor: z.string().max(60).optional(),
          action: z.string().max(60).optional(),
          before: z
            .string()
            .regex(/^\d{1,18}$/)
            .optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: {
        200: {
          description: 'Records.',
          content: { 'application/json': { schema: z.object({ records: z.array(recordSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      staff.permit(staffOf(c), 'audit.view')
      const { before, limit, subject, actor, action } = c.req.valid('query')
      const wanted = {
        limit,
        ...(subject ? { subject } : {}),
        ...(actor ? { actor } : {}),
        ...(action ? { action } : {}),
        ...(before ? { before: BigInt(before) } : {}),
      }
      const records = await transact(host, async (tx) => {
        const found = await audit.search(tx, wanted)
        await audit.record(tx, commandOf(host, c), { action: 'audit.viewed', subject: subject ?? 'log' })
        return found
      })
      return c.json(
        { records: records.map((record) => ({ ...record, seq: record.seq.toString(), at: record.at.toISOString() })) },
        200,
      )
    },
  )
  return routes
}
