import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { isUuid } from '#base'
import { permits } from '../access-rule.ts'
import { createRoutes, type FaceEnv, problems, staffOf, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'

const fields = z.record(z.string(), z.unknown())
const outcome = z.enum(['success', 'failure', 'denied'])
const severity = z.enum(['warning', 'alarm'])

const eventSchema = z
  .object({
    version: z.literal(1),
    id: z.uuid(),
    at: z.iso.datetime(),
    code: z.string().openapi({ example: 'cashier.withdrawal_approved' }),
    outcome,
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
const codeSchema = z
  .object({
    code: z.string(),
    title: z.string(),
    severity: severity.optional(),
    gli: z.string().optional().openapi({ description: 'The letter of GLI-19 2.8.8, of a significant event.' }),
  })
  .openapi('AuditCode')

const name = z.string().min(1).max(200)
const wantedSchema = z.strictObject({
  code: name.optional(),
  outcome: outcome.optional(),
  actor: name.optional(),
  subject: name.optional(),
  player: name.optional(),
  significant: z.literal('true').optional().openapi({ description: 'Significant events of GLI-19 2.8.8 only.' }),
  from: z.iso.datetime().optional().openapi({ description: 'Events of this instant and later.' }),
  to: z.iso.datetime().optional().openapi({ description: 'Events before this instant.' }),
})

const getEvents = createRoute({
  method: 'get',
  path: '/api/audit',
  ...permits('audit.view'),
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
      description: 'A page; ask the next one with `before`.',
      content: { 'application/json': { schema: z.object({ events: z.array(eventSchema) }) } },
    },
    ...problems,
  },
})
const getCodes = createRoute({
  method: 'get',
  path: '/api/audit/codes',
  ...permits('audit.view'),
  ...writesNothing('the catalogue of codes is the same in every casino'),
  summary: 'Every code there is, with its title.',
  responses: {
    200: {
      description: 'The codes.',
      content: { 'application/json': { schema: z.object({ codes: z.array(codeSchema) }) } },
    },
    ...problems,
  },
})
const mediaTypes = { jsonl: 'application/jsonl', csv: 'text/csv' } as const
const getExtract = (format: audit.ExtractFormat) =>
  createRoute({
    method: 'get',
    path: `/api/audit/events.${format}`,
    ...permits('audit.view'),
    ...writes('audit.exported'),
    summary:
      format === 'jsonl'
        ? 'The audit log as JSON lines, oldest first: each an entry byte for byte. Taking it is written down.'
        : 'The audit log for spreadsheets, oldest first. Taking it is written down.',
    request: { query: wantedSchema },
    responses: {
      200: { description: 'The events up to now.', content: { [mediaTypes[format]]: { schema: z.string() } } },
      ...problems,
    },
  })
const getPersonal = createRoute({
  method: 'get',
  path: '/api/audit/{event}/personal',
  ...permits('audit.view', 'audit.unmask'),
  ...writes('audit.personal_viewed'),
  summary:
    'The sealed part of an event: a player’s address, data that were changed. Needs a reason, which is written down.',
  request: {
    params: z.object({ event: z.string().refine(isUuid) }),
    query: z.strictObject({ reason: z.string().trim().min(3).max(400) }),
  },
  responses: {
    200: {
      description: 'The personal part.',
      content: { 'application/json': { schema: z.object({ personal: fields }) } },
    },
    ...problems,
  },
})

/** The audit log, for those with `audit.view`; what is sealed in it also needs `audit.unmask`. */
export function auditRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getEvents, async (c) => {
    const { before, limit, ...query } = c.req.valid('query')
    const events = await transact(host, async (tx) => {
      const found = await audit.search(tx, { ...wantedOf(query), limit, ...(before ? { before } : {}) })
      const detail = { ...query, before }
      await audit.record(tx, commandOf(host, c), { action: 'audit.viewed', subject: subjectOf(query), detail })
      return found
    })
    return c.json({ events: events as z.infer<typeof eventSchema>[] }, 200)
  })
  routes.openapi(getCodes, (c) => {
    const kinds = Object.entries<audit.Kind>(audit.catalogue)
    const codes = kinds.map(([code, { title, severity, gli }]) => ({
      code,
      title,
      ...(severity ? { severity } : {}),
      ...(gli ? { gli } : {}),
    }))
    return c.json({ codes }, 200)
  })
  for (const format of audit.extractFormats)
    routes.openapi(getExtract(format), (c) => {
      const member = staffOf(c)
      const query = c.req.valid('query')
      const command = commandOf(host, c)
      const file = `audit-${command.now.toISOString().slice(0, 10)}.${format}`
      const type = `${mediaTypes[format]}; charset=utf-8`
      return host.exports.answer(c, { caller: member.id, file, type }, async (reader) => {
        const detail = { ...query, format }
        await transact(host, (tx) =>
          audit.record(tx, command, { action: 'audit.exported', subject: subjectOf(query), detail }),
        )
        return audit.extract(reader, { to: command.now, ...wantedOf(query) }, format)
      })
    })
  routes.openapi(getPersonal, async (c) => {
    const { event } = c.req.valid('param')
    const { reason } = c.req.valid('query')
    const personal = await transact(host, async (tx) => {
      const found = await audit.personalOf(tx, host.keys, event)
      if (!found) throw audit.personalAbsent()
      await audit.record(tx, commandOf(host, c), { action: 'audit.personal_viewed', subject: event, reason })
      return found
    })
    return c.json({ personal }, 200)
  })
  return routes
}

function wantedOf({ from, to, significant, ...rest }: z.infer<typeof wantedSchema>): audit.Wanted {
  return {
    ...(rest as audit.Wanted),
    ...(significant ? { significant: true } : {}),
    ...(from ? { from: new Date(from) } : {}),
    ...(to ? { to: new Date(to) } : {}),
  }
}

/** Whose events somebody looks at stands where it can be found: the player sees in their own history who looked. */
function subjectOf({ player, subject }: z.infer<typeof wantedSchema>): string {
  return player ?? subject ?? 'log'
}
