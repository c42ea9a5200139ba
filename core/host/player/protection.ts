import { createRoute, z } from '@hono/zod-openapi'
import { type Currency, readMoney, showMoney } from '#base'
import * as protection from '#protection'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { type Host, mutate } from '../host.ts'
import { tellPlayer } from '../live.ts'
import { needs } from '../step-up.ts'

const period = z.enum(['day', 'week', 'month'])

const limitSchema = z
  .object({
    period,
    amount: z.string().nullable(),
    used: z.string(),
    imposed: z.string().nullable().openapi({ description: 'A limit the house set; the tighter of both decides.' }),
    next: z.object({ amount: z.string().nullable(), from: z.iso.datetime() }).optional(),
  })
  .openapi('Limit')

const limitsSchema = z.object({ currency: z.string(), limits: z.array(limitSchema) }).openapi('Limits')
const barSchema = z.object({ kind: z.string(), until: z.iso.datetime() }).openapi('Bar')

export function protectionRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/limits',
      ...signedIn(),
      summary: 'The player’s deposit limits and how much of them is used.',
      responses: {
        200: { description: 'The limits.', content: { 'application/json': { schema: limitsSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      const show = (amount: bigint) => showMoney({ amount, currency: session.currency as Currency }).amount
      const limits = await protection.limits(host.sql, session.playerId, host.now())
      return c.json(
        {
          currency: session.currency,
          limits: limits.map((limit) => ({
            period: limit.period,
            amount: limit.amount === null ? null : show(limit.amount),
            used: show(limit.used),
            imposed: limit.imposed === null ? null : show(limit.imposed),
            ...(limit.nextFrom
              ? {
                  next: {
                    amount: limit.nextAmount == null ? null : show(limit.nextAmount),
                    from: limit.nextFrom.toISOString(),
                  },
                }
              : {}),
          })),
        },
        200,
      )
    },
  )

  routes.openapi(
    createRoute({
      method: 'put',
      path: '/api/limits/{period}',
      ...signedIn(),
      ...writes('protection.limit_set', 'protection.limit_loosening_asked'),
      summary: 'Sets a deposit limit: tighter at once, looser after 24 hours. Null takes it away.',
      request: {
        headers: idempotencyHeader,
        params: z.object({ period }),
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({ amount: z.string().max(40).nullable() }).openapi('LimitWish'),
            },
          },
        },
      },
      responses: {
        200: { description: 'Noted.', content: { 'application/json': { schema: z.object({ set: z.literal(true) }) } } },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      const { amount } = c.req.valid('json')
      const wanted = c.req.valid('param').period
      const minor = amount === null ? null : readMoney({ amount, currency: session.currency }).amount
      const payload = { period: wanted, amount }
      return mutate(host, c, { operation: 'protection.set_limit', payload }, async (tx, command) => {
        const { looser } = await protection.setLimit(tx, command, {
          player: session.playerId,
          wallet: session.wallet,
          period: wanted,
          amount: minor,
        })
        if (looser) await needs(host, tx, c, 'limit_loosening')
        return { status: 200, body: { set: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/breaks',
      ...signedIn(),
      ...writes('protection.cool_off'),
      summary: 'A break from play, from now on.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ hours: z.int().min(1).max(10_000) }).openapi('Break') },
          },
        },
      },
      responses: {
        201: { description: 'The break.', content: { 'application/json': { schema: barSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      const { hours } = c.req.valid('json')
      return mutate(host, c, { operation: 'protection.cool_off', payload: { hours } }, async (tx, command) => {
        const bar = await protection.coolOff(tx, command, { player: session.playerId, wallet: session.wallet, hours })
        await tellPlayer(host, session.playerId, 'account')
        return { status: 201, body: { kind: bar.kind, until: bar.until.toISOString() } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/exclusions',
      ...signedIn(),
      ...writes('protection.self_exclusion'),
      summary: 'Self-exclusion. Nobody can lift it early.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ months: z.int().min(1).max(1000) }).openapi('Exclusion') },
          },
        },
      },
      responses: {
        201: { description: 'The exclusion.', content: { 'application/json': { schema: barSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      const { months } = c.req.valid('json')
      return mutate(host, c, { operation: 'protection.exclude', payload: { months } }, async (tx, command) => {
        const bar = await protection.exclude(tx, command, { player: session.playerId, wallet: session.wallet, months })
        await tellPlayer(host, session.playerId, 'account')
        return { status: 201, body: { kind: bar.kind, until: bar.until.toISOString() } }
      })
    },
  )

  return routes
}
