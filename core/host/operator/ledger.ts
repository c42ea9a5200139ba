import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { type Currency, currencies } from '#base'
import * as ledger from '#ledger'
import * as players from '#players'
import { permits } from '../access-rule.ts'
import { createRoutes, type FaceEnv, problems, staffOf, writes } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import {
  balanceSchema,
  csvAnswer,
  filterOf,
  filterQuery,
  houseBalanceSchema,
  instant,
  liabilitySchema,
  showBalance,
  showHouseBalance,
  showLiability,
  showStatement,
  statementSchema,
} from '../ledger-shapes.ts'

const playerId = z.strictObject({ player: z.string().max(40).openapi({ example: 'plr_01k…' }) })
const reason = z.string().trim().min(3).max(400).openapi({ description: 'Why; it is written down.' })

const getBalance = createRoute({
  method: 'get',
  path: '/api/players/{player}/balance',
  ...permits('payments.view'),
  ...writes('ledger.balance_viewed'),
  summary: 'A player’s balance, now or at a past instant; that it was looked at is written down.',
  request: { params: playerId, query: z.strictObject({ at: instant.optional() }) },
  responses: {
    200: { description: 'The balance.', content: { 'application/json': { schema: balanceSchema } } },
    ...problems,
  },
})
const getStatement = createRoute({
  method: 'get',
  path: '/api/players/{player}/statement',
  ...permits('payments.view'),
  ...writes('ledger.statement_viewed'),
  summary: 'Every movement of a player’s money, newest first; that it was looked at is written down.',
  request: {
    params: playerId,
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
  path: '/api/players/{player}/statement.csv',
  ...permits('payments.view'),
  ...writes('ledger.statement_exported'),
  summary:
    'Every movement of a player’s money as a file, oldest first. Needs a reason; which lines it holds is written down.',
  request: { params: playerId, query: filterQuery.extend({ reason }) },
  responses: { 200: csvAnswer('The lines, amounts as decimals, instants in UTC.'), ...problems },
})
const getBalances = createRoute({
  method: 'get',
  path: '/api/house/balances',
  ...permits('books.view'),
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
})
const getEntriesCsv = createRoute({
  method: 'get',
  path: '/api/house/entries.csv',
  ...permits('books.view'),
  ...writes('ledger.house_exported'),
  summary: 'The entries of the house’s accounts as a file: one per batch of a lane.',
  request: {
    query: z.strictObject({
      from: instant.optional(),
      until: instant.optional(),
      account: z.enum(ledger.houseAccounts).optional(),
      currency: z.enum(Object.keys(currencies) as [Currency, ...Currency[]]).optional(),
    }),
  },
  responses: { 200: csvAnswer('The entries, amounts as decimals, instants in UTC.'), ...problems },
})

/** The books, for staff: a player's with `payments.view`, the house's with `books.view`. */
export function ledgerRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getBalance, async (c) => {
    const wallet = await walletOf(host, c.req.valid('param').player)
    const command = commandOf(host, c)
    const { at } = c.req.valid('query')
    const instant = at === undefined ? command.now : new Date(at)
    const found = await transact(host, async (tx) => {
      const balance =
        at === undefined ? await ledger.balance(tx, wallet.wallet) : await ledger.balanceAt(tx, wallet.wallet, instant)
      await audit.record(tx, command, {
        action: 'ledger.balance_viewed',
        subject: wallet.player,
        detail: { at: instant },
      })
      return balance
    })
    return c.json(showBalance(found, instant), 200)
  })
  routes.openapi(getStatement, async (c) => {
    const wallet = await walletOf(host, c.req.valid('param').player)
    const { before, limit, ...query } = c.req.valid('query')
    const filter = filterOf(query)
    const page = await transact(host, async (tx) => {
      const found = await ledger.statement(tx, wallet.wallet, {
        ...filter,
        limit,
        ...(before === undefined ? {} : { before: BigInt(before) }),
      })
      await audit.record(tx, commandOf(host, c), {
        action: 'ledger.statement_viewed',
        subject: wallet.player,
        detail: query,
      })
      return found
    })
    return c.json(showStatement(page), 200)
  })
  routes.openapi(getStatementCsv, async (c) => {
    const member = staffOf(c)
    const wallet = await walletOf(host, c.req.valid('param').player)
    const { reason, ...query } = c.req.valid('query')
    const file = `${wallet.player}-${host.now().toISOString().slice(0, 10)}.csv`
    return host.exports.answer(c, { caller: member.id, file }, async (reader) => {
      // Which lines the file holds is fixed in the transaction that writes it down; what is booked stays as it is.
      const extract = await transact(host, async (tx) => {
        const fixed = await ledger.statementExtract(tx, wallet.wallet, filterOf(query))
        await audit.record(tx, commandOf(host, c), {
          action: 'ledger.statement_exported',
          subject: wallet.player,
          reason,
          detail: { ...query, versions: { after: fixed.after, upTo: fixed.upTo } },
        })
        return fixed
      })
      return ledger.statementCsv(reader, extract)
    })
  })
  routes.openapi(getBalances, async (c) => {
    const [liability, house] = await transact(host, async (tx) => {
      const found = [await ledger.liability(tx), await ledger.houseBalances(tx)] as const
      await audit.record(tx, commandOf(host, c), { action: 'ledger.house_viewed', subject: 'house' })
      return found
    })
    return c.json({ liability: liability.map(showLiability), house: house.map(showHouseBalance) }, 200)
  })
  routes.openapi(getEntriesCsv, async (c) => {
    const member = staffOf(c)
    const { from, until, account, currency } = c.req.valid('query')
    const filter = {
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
      ...(account === undefined ? {} : { account }),
      ...(currency === undefined ? {} : { currency }),
    }
    const file = `house-${host.now().toISOString().slice(0, 10)}.csv`
    return host.exports.answer(c, { caller: member.id, file }, async (reader) => {
      const extract = await transact(host, async (tx) => {
        const fixed = await ledger.houseExtract(tx, filter)
        await audit.record(tx, commandOf(host, c), {
          action: 'ledger.house_exported',
          subject: 'house',
          detail: filter,
        })
        return fixed
      })
      return ledger.houseCsv(reader, extract)
    })
  })
  return routes
}

async function walletOf(host: Host, player: string): Promise<ledger.Wallet> {
  const found = await ledger.walletOf(host.sql, player)
  if (!found) throw players.playerUnknown()
  return found
}
