import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as access from '#access'
import * as pki from '#pki'
import * as staff from '#staff'
import { permits } from '../access-rule.ts'
import { body, createRoutes, type FaceEnv, idempotencyHeader, json, problems, writes, writesNothing } from '../face.ts'
import { type Host, mutate } from '../host.ts'

const time = z.iso.datetime()
const reviewSchema = z
  .object({
    at: time,
    digest: z.string(),
    last: z.object({ by: z.string(), at: time, finding: z.string() }).nullable(),
    due: z.boolean().openapi({ description: 'Nobody has looked for 90 days.' }),
    members: z.array(
      z.object({
        staff: z.string(),
        name: z.string(),
        enrolledAt: time,
        lastSignIn: time.nullable(),
        lastSignInFrom: z.string().nullable(),
        disabledAt: time.nullable(),
        roles: z.array(z.object({ role: z.string(), since: time, by: z.string(), until: time.nullable() })),
        held: z.array(z.object({ permission: z.string(), roles: z.array(z.string()), usedAt: time.nullable() })),
      }),
    ),
  })
  .openapi('AccessReview')
const roleSchema = z
  .object({
    role: z.string(),
    title: z.string(),
    permissions: z.array(z.string()),
    changedAt: time,
    changedBy: z.string(),
  })
  .openapi('Role')
const emergencySchema = z
  .object({
    emergency: z.string(),
    kind: z.enum(['place', 'alone']),
    name: z.string().nullable(),
    reason: z.string(),
    custodians: z.array(z.string()).openapi({ description: 'Whose shares broke it; none where the console did.' }),
    openedAt: time,
    until: time,
    reviewedAt: time.nullable(),
    finding: z.string().nullable(),
  })
  .openapi('Emergency')
const words = z.string().trim().min(3).max(400)
const done = z.object({ done: z.literal(true) })

const getReview = createRoute({
  method: 'get',
  path: '/api/staff',
  ...permits('staff.view'),
  ...writesNothing('who works here and may do what; no personal data of players'),
  summary: 'Who may do what, by which role, and when they last did.',
  responses: { 200: json(reviewSchema, 'The review of access.'), ...problems },
})
const postReview = createRoute({
  method: 'post',
  path: '/api/staff/reviews',
  ...permits('staff.review'),
  ...writes('staff.access_reviewed'),
  summary: 'Says that you have looked at who may do what, named by its digest, and what you found.',
  request: {
    headers: idempotencyHeader,
    body: body(
      z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), finding: words }).openapi('AccessReviewed'),
    ),
  },
  responses: { 200: json(done, 'Noted.'), ...problems },
})
const getRoles = createRoute({
  method: 'get',
  path: '/api/roles',
  ...permits('staff.view'),
  ...writesNothing('what roles permit'),
  summary: 'The roles, and what each permits.',
  responses: { 200: json(z.object({ roles: z.array(roleSchema) }), 'The roles.'), ...problems },
})
const postDismissal = createRoute({
  method: 'post',
  path: '/api/staff/{staff}/dismissal',
  ...permits('staff.disable'),
  ...writes('staff.disabled', 'pki.component_dismissed'),
  summary: 'Shuts a member of staff out at once, their certificate with them; letting them in again takes two.',
  request: {
    headers: idempotencyHeader,
    params: z.strictObject({ staff: z.string().max(40) }),
    body: body(z.strictObject({ reason: words })),
  },
  responses: { 200: json(done, 'They are out.'), ...problems },
})
const getEmergencies = createRoute({
  method: 'get',
  path: '/api/emergencies',
  ...permits(),
  ...writesNothing('a light for everybody who works here'),
  summary: 'Glass that was broken from the console, newest first.',
  responses: { 200: json(z.object({ emergencies: z.array(emergencySchema) }), 'Emergencies.'), ...problems },
})
const postEmergencyReview = createRoute({
  method: 'post',
  path: '/api/emergencies/{emergency}/review',
  ...permits('staff.review'),
  ...writes('staff.emergency_reviewed'),
  summary: 'Says that you have looked at what was done in an emergency, and what you found. Not by whom it was for.',
  request: {
    headers: idempotencyHeader,
    params: z.strictObject({ emergency: z.string().max(40) }),
    body: body(z.strictObject({ finding: words })),
  },
  responses: { 200: json(done, 'Noted.'), ...problems },
})

/** Who works here: the review of access, shutting out, and what was opened in an emergency. */
export function memberRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getReview, async (c) => {
    return c.json(onWire(await staff.accessReview(host.sql, host.now())), 200)
  })
  routes.openapi(postReview, (c) => {
    const payload = c.req.valid('json')
    return mutate(host, c, { operation: 'staff.review', payload }, async (tx, command) => {
      await staff.noteReview(tx, command, payload)
      return { status: 200, body: { done: true } }
    })
  })
  routes.openapi(getRoles, async (c) => {
    return c.json({ roles: onWire(await staff.roles(host.sql)) }, 200)
  })
  routes.openapi(postDismissal, (c) => {
    const payload = { ...c.req.valid('param'), ...c.req.valid('json') }
    return mutate(host, c, { operation: 'staff.disable', payload }, async (tx, command) => {
      const { name } = await staff.disable(tx, command, payload)
      await access.endAccount(tx, payload.staff)
      await pki.revokePerson(tx, command, { person: name, reason: payload.reason })
      return { status: 200, body: { done: true } }
    })
  })
  routes.openapi(getEmergencies, async (c) => {
    const found = await staff.emergencies(host.sql)
    const shown = found.map(({ staff: _, reviewedBy: __, ...rest }) => rest)
    return c.json({ emergencies: onWire(shown) }, 200)
  })
  routes.openapi(postEmergencyReview, (c) => {
    const payload = { ...c.req.valid('param'), ...c.req.valid('json') }
    return mutate(host, c, { operation: 'staff.review_emergency', payload }, async (tx, command) => {
      await staff.reviewEmergency(tx, command, payload)
      return { status: 200, body: { done: true } }
    })
  })
  return routes
}

/** Instants as they travel. */
type OnWire<T> = T extends Date ? string : T extends object ? { [K in keyof T]: OnWire<T[K]> } : T
function onWire<T>(value: T): OnWire<T> {
  return JSON.parse(JSON.stringify(value)) as OnWire<T>
}
