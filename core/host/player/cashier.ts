import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { readPositiveMoney } from '#base'
import * as cashier from '#cashier'
import * as ledger from '#ledger'
import { signedIn } from '../access-rule.ts'
import {
  depositSchema,
  instrumentSchema,
  pageQuery,
  showDeposit,
  showWithdrawal,
  withdrawalSchema,
} from '../cashier-shapes.ts'
import {
  createRoutes,
  type FaceEnv,
  idempotencyHeader,
  jsonAnswer,
  jsonBody,
  problems,
  sessionOf,
  wireMoney,
  writes,
} from '../face.ts'
import { gatewayOf } from '../gateways/gateways.ts'
import { type Host, mutate, transact } from '../host.ts'
import { needs } from '../step-up.ts'

const depositId = z.strictObject({ id: z.string().max(64) })

const postDeposit = createRoute({
  method: 'post',
  path: '/api/deposits',
  ...signedIn(),
  ...writes('cashier.deposit_asked'),
  summary:
    'Begins a deposit by card. Send the browser to `redirectUrl`; the credit comes with the gateway’s signed event.',
  request: {
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ amount: wireMoney })),
  },
  responses: { 201: jsonAnswer('The deposit, pending.', depositSchema), ...problems },
})
const getDeposit = createRoute({
  method: 'get',
  path: '/api/deposits/{id}',
  ...signedIn(),
  summary: 'One deposit of mine.',
  request: { params: depositId },
  responses: { 200: jsonAnswer('The deposit.', depositSchema), ...problems },
})
const getDepositPage = createRoute({
  method: 'get',
  path: '/api/deposits/{id}/page',
  ...signedIn(),
  summary: 'Sends the browser to the gateway’s payment page.',
  request: { params: depositId },
  responses: { 303: { description: 'To the gateway.' }, ...problems },
})
const getDeposits = createRoute({
  method: 'get',
  path: '/api/deposits',
  ...signedIn(),
  summary: 'My deposits, newest first.',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page.', z.strictObject({ deposits: z.array(depositSchema) })), ...problems },
})
const postWithdrawal = createRoute({
  method: 'post',
  path: '/api/withdrawals',
  ...signedIn(),
  ...writes('cashier.withdrawal_asked'),
  summary: 'Asks for a withdrawal to a card I paid with. It cannot be taken back.',
  request: {
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ amount: wireMoney, instrument: z.string().max(64) })),
  },
  responses: { 201: jsonAnswer('The withdrawal; the money is set aside.', withdrawalSchema), ...problems },
})
const getWithdrawals = createRoute({
  method: 'get',
  path: '/api/withdrawals',
  ...signedIn(),
  summary: 'My withdrawals, newest first.',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page.', z.strictObject({ withdrawals: z.array(withdrawalSchema) })), ...problems },
})
const getWithdrawal = createRoute({
  method: 'get',
  path: '/api/withdrawals/{id}',
  ...signedIn(),
  summary: 'One withdrawal of mine.',
  request: { params: depositId },
  responses: { 200: jsonAnswer('The withdrawal.', withdrawalSchema), ...problems },
})
const getInstruments = createRoute({
  method: 'get',
  path: '/api/instruments',
  ...signedIn(),
  summary: 'The cards I have paid with, to which I can withdraw.',
  responses: { 200: jsonAnswer('The cards.', z.strictObject({ instruments: z.array(instrumentSchema) })), ...problems },
})
/** Money in and out, for the player. */
export function cashierRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(postDeposit, async (c) => {
    const { playerId: player, wallet } = sessionOf(c)
    const payload = c.req.valid('json')
    const amount = readPositiveMoney(payload.amount)
    const answer: Response = await mutate(host, c, { operation: 'cashier.deposit', payload }, async (tx, command) => {
      const made = await cashier.deposit(tx, command, { player, wallet, amount, gateway: 'sandbox' })
      return { status: 201, body: showDeposit(made) }
    })
    // The row is safe; now the gateway may be asked, outside the transaction. A repeat comes here again.
    const { id } = (await answer.clone().json()) as { id: string }
    await openPayment(host, id, player)
    return answer as never
  })
  routes.openapi(getDeposit, async (c) => {
    const deposit = await cashier.depositOf(host.sql, c.req.valid('param').id, sessionOf(c).playerId)
    return c.json(showDeposit(deposit), 200)
  })
  routes.openapi(getDepositPage, async (c) => {
    return c.redirect(await openPayment(host, c.req.valid('param').id, sessionOf(c).playerId), 303)
  })
  routes.openapi(getDeposits, async (c) => {
    const found = await cashier.deposits(host.sql, { player: sessionOf(c).playerId, ...pageOf(c.req.valid('query')) })
    return c.json({ deposits: found.map(showDeposit) }, 200)
  })
  routes.openapi(postWithdrawal, async (c) => {
    const { playerId: player, wallet } = sessionOf(c)
    const payload = c.req.valid('json')
    const amount = readPositiveMoney(payload.amount)
    return mutate(host, c, { operation: 'cashier.withdraw', payload }, async (tx, command) => {
      await needs(host, tx, c, 'withdrawal')
      if (await cashier.isNewPayoutTo(tx, { player, instrument: payload.instrument }))
        await needs(host, tx, c, 'payout_instrument')
      const made = await cashier.withdraw(tx, command, { player, wallet, amount, instrument: payload.instrument })
      return { status: 201, body: showWithdrawal(made) }
    })
  })
  routes.openapi(getWithdrawals, async (c) => {
    const page = pageOf(c.req.valid('query'))
    const found = await cashier.withdrawals(host.sql, { player: sessionOf(c).playerId, ...page })
    return c.json({ withdrawals: found.map(showWithdrawal) }, 200)
  })
  routes.openapi(getWithdrawal, async (c) => {
    const found = await cashier.withdrawalOf(host.sql, c.req.valid('param').id, sessionOf(c).playerId)
    return c.json(showWithdrawal(found), 200)
  })
  routes.openapi(getInstruments, async (c) => {
    const found = await cashier.instruments(host.sql, host.keys, sessionOf(c).playerId)
    return c.json({ instruments: found.map((card) => ({ ...card, savedAt: card.savedAt.toISOString() })) }, 200)
  })
  return routes
}

/** The gateway's page for a deposit of this player's, opened now if it is not yet. */
async function openPayment(host: Host, id: string, player: string): Promise<string> {
  const deposit = await cashier.depositOf(host.sql, id, player)
  await ledger.refuseWhileFrozen(host.sql)
  if (deposit.redirectUrl) return deposit.redirectUrl
  const opened = await gatewayOf(host, deposit.gateway).openPayment({
    deposit: id,
    player,
    amount: deposit,
    returnUrl: new URL(`/cashier?deposit=${id}`, host.config.origins.player).href,
  })
  const kept = await transact(host, (tx) => cashier.paymentOpened(tx, { deposit: id, ...opened }))
  return kept.redirectUrl ?? opened.redirectUrl
}

function pageOf(query: { before?: string | undefined; limit: number }): { before?: string; limit: number } {
  return query.before === undefined ? { limit: query.limit } : { before: query.before, limit: query.limit }
}
