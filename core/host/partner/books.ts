import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as ledger from '#ledger'
import { createRoutes, type FaceEnv, problems, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import { houseBalanceSchema, liabilitySchema, showHouseBalance, showLiability } from '../ledger-shapes.ts'
import { accessToken } from '../middleware/access-token.ts'

/** The books, for reporting tools: each verb has a scope of its own. */
export function booksRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  const needs = accessToken(host)

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/books/balances',
      ...needs('books.read'),
      ...writes('ledger.house_viewed'),
      summary: 'What is owed to players, and what stands on the accounts of the house, per currency.',
      responses: {
        200: {
          description: 'The balances.',
          content: {
            'application/json': {
              schema: z.strictObject({ liability: z.array(liabilitySchema), house: z.array(houseBalanceSchema) }),
            },
          },
        },
        ...problems,
      },
    }),
    async (c) => {
      const [liability, house] = await transact(host, async (tx) => {
        const found = [await ledger.liability(tx), await ledger.houseBalances(tx)] as const
        await audit.record(tx, commandOf(host, c), { action: 'ledger.house_viewed', subject: 'house' })
        return found
      })
      return c.json({ liability: liability.map(showLiability), house: house.map(showHouseBalance) }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/books/proof',
      ...needs('proof.read'),
      ...writesNothing('sound or not, and since when: no amount, nobody’s data'),
      summary: 'How the books stand by the last proof.',
      responses: {
        200: {
          description: 'The last proof; absent instants mean that there was none yet.',
          content: {
            'application/json': {
              schema: z.strictObject({
                state: z.enum(['sound', 'contradict', 'unproven']),
                provenAt: z.iso.datetime().nullable(),
              }),
            },
          },
        },
        ...problems,
      },
    }),
    async (c) => {
      const last = await ledger.lastProof(host.sql)
      if (!last) return c.json({ state: 'unproven' as const, provenAt: null }, 200)
      return c.json(
        { state: last.ok ? ('sound' as const) : ('contradict' as const), provenAt: last.at.toISOString() },
        200,
      )
    },
  )
  return routes
}
