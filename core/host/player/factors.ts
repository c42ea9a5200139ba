import { createRoute, z } from '@hono/zod-openapi'
import * as factors from '#factors'
import * as sessions from '#sessions'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { needs } from '../step-up.ts'

const factor = z
  .object({
    factor: z.string(),
    kind: z.enum(['passkey', 'totp', 'sms']),
    label: z.string(),
    addedAt: z.iso.datetime(),
    usedAt: z.iso.datetime().nullable(),
    phone: z.string().optional(),
    backedUp: z.boolean().optional(),
  })
  .openapi('Factor')

const standing = z
  .object({
    factors: z.array(factor),
    recoveryCodesLeft: z.int(),
    password: z.boolean(),
    /** Whether the player could do without their password. */
    mayDropPassword: z.boolean(),
  })
  .openapi('Factors')

const named = z.object({ factor: z.string().max(64) })
const labelled = z.strictObject({ label: z.string().max(120) }).openapi('FactorName')

/** What a player signs in with: what there is of it, and giving it up. Each change is for who shows a factor afresh [GLI-2.5.2e-1]. */
export function factorsRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/factors',
      ...signedIn(),
      summary: 'What the player can sign in with.',
      responses: {
        200: { description: 'All of it.', content: { 'application/json': { schema: standing } } },
        ...problems,
      },
    }),
    async (c) => {
      const { playerId } = sessionOf(c)
      const [list, counts, password] = await Promise.all([
        factors.list(host.sql, host.keys, playerId),
        factors.standing(host.sql, playerId),
        sessions.hasPassword(host.sql, playerId),
      ])
      return c.json(
        {
          factors: list.map(({ addedAt, usedAt, ...rest }) => ({
            ...rest,
            addedAt: addedAt.toISOString(),
            usedAt: usedAt?.toISOString() ?? null,
          })),
          recoveryCodesLeft: counts.recoveryCodes,
          password,
          mayDropPassword: password && factors.mayDropPassword(counts),
        },
        200,
      )
    },
  )

  routes.openapi(
    createRoute({
      method: 'patch',
      path: '/api/factors/{factor}',
      ...signedIn(),
      ...writes('factors.renamed'),
      summary: 'Gives a factor another name.',
      request: {
        headers: idempotencyHeader,
        params: named,
        body: { required: true, content: { 'application/json': { schema: labelled } } },
      },
      responses: {
        200: {
          description: 'Renamed.',
          content: { 'application/json': { schema: z.object({ renamed: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const payload = { ...c.req.valid('param'), ...c.req.valid('json') }
      return mutate(host, c, { operation: 'factors.rename', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        await factors.rename(tx, command, { holder, ...payload })
        return { status: 200, body: { renamed: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/factors/{factor}',
      ...signedIn(),
      ...writes('factors.removed'),
      summary: 'Removes a factor, unless the player could lock themselves out by it.',
      request: { headers: idempotencyHeader, params: named },
      responses: {
        200: {
          description: 'Removed.',
          content: { 'application/json': { schema: z.object({ removed: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const payload = c.req.valid('param')
      return mutate(host, c, { operation: 'factors.remove', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        await factors.hold(tx, holder)
        const password = await sessions.standsAlone(tx, holder) // a short one leans on a second factor
        await factors.remove(tx, command, { holder, password, ...payload })
        return { status: 200, body: { removed: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/recovery-codes',
      ...signedIn(),
      ...writes('factors.recovery_codes_made'),
      summary: 'Makes recovery codes; those before are void. They are secrets, told once, so it takes no key.',
      responses: {
        201: {
          description: 'The codes.',
          content: { 'application/json': { schema: z.object({ codes: z.array(z.string()) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const codes = await transact(host, async (tx) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        return factors.makeRecoveryCodes(tx, commandOf(host, c), { holder })
      })
      return c.json({ codes }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/password',
      ...signedIn(),
      ...writes('sessions.password_removed'),
      summary: 'Does without a password, for who has two passkeys, or one and recovery codes.',
      request: { headers: idempotencyHeader },
      responses: {
        200: {
          description: 'Removed.',
          content: { 'application/json': { schema: z.object({ removed: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) =>
      mutate(host, c, { operation: 'sessions.remove_password', payload: {} }, async (tx, command) => {
        const { playerId: player } = await needs(host, tx, c, 'password_change')
        await sessions.removePassword(tx, command, { player })
        return { status: 200, body: { removed: true } }
      }),
  )

  return routes
}
