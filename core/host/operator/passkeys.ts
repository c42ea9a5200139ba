import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as factors from '#factors'
import * as staff from '#staff'
import { permits, permitsUnproven } from '../access-rule.ts'
import {
  anyStaffOf,
  body,
  createRoutes,
  type FaceEnv,
  idempotencyHeader,
  json,
  problems,
  staffOf,
  writes,
  writesNothing,
} from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { passkeyMessage, passkeyOptions } from '../passkey-shapes.ts'
import { partyOf } from '../relying-party.ts'

const passkeySchema = z
  .object({
    passkey: z.string(),
    label: z.string(),
    addedAt: z.iso.datetime(),
    usedAt: z.iso.datetime().nullable(),
  })
  .openapi('StaffPasskey')
const params = z.strictObject({ passkey: z.string().max(40) })
const label = z.string().trim().min(1).max(60)

const getPasskeys = createRoute({
  method: 'get',
  path: '/api/passkeys',
  ...permits(),
  ...writesNothing('it tells staff about themselves'),
  summary: 'Your passkeys.',
  responses: { 200: json(z.object({ passkeys: z.array(passkeySchema) }), 'Yours.'), ...problems },
})
const postOptions = createRoute({
  method: 'post',
  path: '/api/passkeys/options',
  ...permitsUnproven(),
  ...writesNothing('nothing has happened yet'),
  summary: 'What your browser needs to make another passkey, or the first one.',
  responses: {
    200: json(passkeyOptions, 'For `navigator.credentials.create`.'),
    ...problems,
  },
})
const postPasskey = createRoute({
  method: 'post',
  path: '/api/passkeys',
  ...permitsUnproven(),
  ...writes('factors.added', 'factors.refused'),
  summary: 'Adds a passkey. Who signed in without one then signs in with it.',
  request: {
    headers: idempotencyHeader,
    body: body(
      z
        .strictObject({
          label,
          passkey: passkeyMessage,
        })
        .openapi('NewStaffPasskey'),
    ),
  },
  responses: { 201: json(z.object({ passkey: z.string() }), 'Added.'), ...problems },
})
const patchPasskey = createRoute({
  method: 'patch',
  path: '/api/passkeys/{passkey}',
  ...permits(),
  ...writes('factors.renamed'),
  summary: 'Gives one of your passkeys another name.',
  request: { headers: idempotencyHeader, params, body: body(z.strictObject({ label }).openapi('StaffPasskeyName')) },
  responses: { 200: json(z.object({ renamed: z.literal(true) }), 'Renamed.'), ...problems },
})
const deletePasskey = createRoute({
  method: 'delete',
  path: '/api/passkeys/{passkey}',
  ...permits(),
  ...writes('factors.removed'),
  summary: 'Takes one of your passkeys away; never the last.',
  request: { headers: idempotencyHeader, params },
  responses: { 200: json(z.object({ removed: z.literal(true) }), 'Gone.'), ...problems },
})

/**
 * The passkeys of whoever is signed in, to be changed soon after that. Whoever has none yet may make the first, and do nothing
 * else [S06].
 */
export function passkeyRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  const rp = partyOf(host, 'operator')
  routes.openapi(getPasskeys, async (c) => {
    const found = await factors.list(host.sql, host.keys, staffOf(c).id)
    const passkeys = found.map(({ factor, label, addedAt, usedAt }) => ({
      passkey: factor,
      label,
      addedAt: addedAt.toISOString(),
      usedAt: usedAt?.toISOString() ?? null,
    }))
    return c.json({ passkeys }, 200)
  })
  routes.openapi(postOptions, async (c) => {
    const { id: holder, name, sessionId: session } = anyStaffOf(c)
    const wanted = await transact(host, async (tx) => {
      await staff.needsFresh(tx, { session, now: host.now() })
      return factors.passkeyRegistration(tx, commandOf(host, c), { holder, rp, name, displayName: name })
    })
    return c.json(wanted as never, 200)
  })
  routes.openapi(postPasskey, (c) => {
    const { id: holder, sessionId: session } = anyStaffOf(c)
    const { label, passkey: response } = c.req.valid('json')
    const payload = { label, response }
    return mutate(host, c, { operation: 'staff.add_passkey', payload }, async (tx, command) => {
      await staff.needsFresh(tx, { session, now: command.now })
      await factors.hold(tx, holder)
      const { passkeys } = await factors.standing(tx, holder)
      if (passkeys > 0) staffOf(c) // who has one proves it before they add another
      const added = await factors.addPasskey(tx, command, { holder, rp, response, label })
      return 'refusal' in added ? added.refusal : { status: 201, body: { passkey: added.factor } }
    })
  })
  routes.openapi(patchPasskey, (c) => {
    const { id: holder } = staffOf(c)
    const payload = { factor: c.req.valid('param').passkey, label: c.req.valid('json').label }
    return mutate(host, c, { operation: 'staff.rename_passkey', payload }, async (tx, command) => {
      await factors.rename(tx, command, { holder, ...payload })
      return { status: 200, body: { renamed: true } }
    })
  })
  routes.openapi(deletePasskey, (c) => {
    const { id: holder, sessionId: session } = staffOf(c)
    const { passkey: factor } = c.req.valid('param')
    return mutate(host, c, { operation: 'staff.remove_passkey', payload: { factor } }, async (tx, command) => {
      await staff.needsFresh(tx, { session, now: command.now })
      await factors.remove(tx, command, { holder, factor, password: true })
      return { status: 200, body: { removed: true } }
    })
  })
  return routes
}
