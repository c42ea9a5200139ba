import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as games from '#games'
import * as ledger from '#ledger'
import { signedIn } from '../access-rule.ts'
import { createRoutes, type FaceEnv, problems, sessionOf } from '../face.ts'
import type { Host } from '../host.ts'
import {
  balanceSchema,
  csvAnswer,
  filterOf,
  filterQuery,
  instant,
  showBalance,
  showStatement,
  statementSchema,
} from '../ledger-shapes.ts'
import { daysQuery, gameTotalsSchema } from '../round-shapes.ts'

const getBalance = createRoute({
  method: 'get',
  path: '/api/balance',
  ...signedIn(),
  summary: 'My balance, now or at a past instant. What is younger than ten minutes may still change.',
  request: { query: z.strictObject({ at: instant.optional() }) },
  responses: {
    200: { description: 'The balance.', content: { 'application/json': { schema: balanceSchema } } },
    ...problems,
  },
})
const getStatement = createRoute({
  method: 'get',
  path: '/api/statement',
  ...signedIn(),
  summary: 'Every movement of my money, newest first.',
  request: {
    query: filterQuery.extend({
      before: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: {
      description: 'A page; ask the next one with `before`.',
      content: { 'application/json': { schema: statementSchema } },
    },
    ...problems,
  },
})
const getStatementCsv = createRoute({
  method: 'get',
  path: '/api/statement.csv',
  ...signedIn(),
  summary: 'Every movement of my money as a file, oldest first. One download at a time.',
  request: { query: filterQuery },
  responses: { 200: csvAnswer('The lines, amounts as decimals, instants in UTC.'), ...problems },
})

const getStatementOfGames = createRoute({
  method: 'get',
  path: '/api/statement/games',
  ...signedIn(),
  summary: 'What I staked and won with each game, the most staked first, as of now.',
  request: { query: daysQuery },
  responses: {
    200: {
      description: 'The games. A round counts when it is settled: one that waits, or was voided, is not among them.',
      content: { 'application/json': { schema: gameTotalsSchema } },
    },
    ...problems,
  },
})

/** The player's own books. */
export function ledgerRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getBalance, async (c) => {
    const { wallet } = sessionOf(c)
    const { at } = c.req.valid('query')
    if (at === undefined) return c.json(showBalance(await ledger.balance(host.sql, wallet), host.now()), 200)
    return c.json(showBalance(await ledger.balanceAt(host.sql, wallet, new Date(at)), new Date(at)), 200)
  })
  routes.openapi(getStatement, async (c) => {
    const { wallet } = sessionOf(c)
    const { before, limit, ...filter } = c.req.valid('query')
    const page = await ledger.statement(host.sql, wallet, {
      ...filterOf(filter),
      limit,
      ...(before === undefined ? {} : { before: BigInt(before) }),
    })
    return c.json(showStatement(page), 200)
  })
  routes.openapi(getStatementCsv, (c) => {
    const { wallet, playerId: caller } = sessionOf(c)
    const filter = filterOf(c.req.valid('query'))
    const file = `statement-${host.now().toISOString().slice(0, 10)}.csv`
    return host.exports.answer(c, { caller, file }, async (reader) =>
      ledger.statementCsv(reader, await ledger.statementExtract(reader, wallet, filter)),
    )
  })
  routes.openapi(getStatementOfGames, async (c) =>
    c.json({ games: await games.gameTotals(host.sql, sessionOf(c).wallet, c.req.valid('query')) }, 200),
  )
  return routes
}
