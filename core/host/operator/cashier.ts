import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type * as audit from '#audit'
import { showMoney, type Tx } from '#base'
import * as cashier from '#cashier'
import * as staff from '#staff'
import { permits } from '../access-rule.ts'
import { acts } from '../acts.ts'
import {
  depositSchema,
  depositStates,
  instrumentSchema,
  pageQuery,
  showDeposit,
  showWithdrawal,
  withdrawalSchema,
  withdrawalStates,
} from '../cashier-shapes.ts'
import {
  createRoutes,
  type FaceContext,
  type FaceEnv,
  idempotencyHeader,
  json,
  problems,
  staffOf,
  writes,
  writesNothing,
} from '../face.ts'
import { commandOf, type Host, type HostCommand, mutate, transact } from '../host.ts'
import { proposalSchema, showOne } from './proposals.ts'

const staffWithdrawal = withdrawalSchema
  .extend({ player: z.string(), decidedBy: z.string().nullable(), unknownSince: z.string().nullable() })
  .openapi('StaffWithdrawal')
const staffDeposit = depositSchema.omit({ redirectUrl: true }).extend({ player: z.string() }).openapi('StaffDeposit')

const getWithdrawals = createRoute({
  method: 'get',
  path: '/api/withdrawals',
  ...permits('payments.view'),
  ...writesNothing('ids, states and amounts, as the queue of decisions shows them all day'),
  summary: 'Withdrawals, newest first; `state=requested` are those to decide.',
  request: {
    query: pageQuery.extend({ state: z.enum(withdrawalStates).optional(), player: z.string().max(64).optional() }),
  },
  responses: { 200: json(z.strictObject({ withdrawals: z.array(staffWithdrawal) }), 'A page.'), ...problems },
})
const getDeposits = createRoute({
  method: 'get',
  path: '/api/deposits',
  ...permits('payments.view'),
  ...writesNothing('ids, states and amounts, as the queue of decisions shows them all day'),
  summary: 'Deposits, newest first; `state=held` are those under review.',
  request: {
    query: pageQuery.extend({ state: z.enum(depositStates).optional(), player: z.string().max(64).optional() }),
  },
  responses: { 200: json(z.strictObject({ deposits: z.array(staffDeposit) }), 'A page.'), ...problems },
})

const staffInstrument = instrumentSchema.extend({ holder: z.string() }).openapi('StaffInstrument')
const getInstruments = createRoute({
  method: 'get',
  path: '/api/players/{player}/instruments',
  ...permits('payments.view'),
  ...writes('cashier.instruments_viewed_masked', 'cashier.instruments_viewed_in_full'),
  summary: 'A player’s cards. What is on them is masked unless a reason is given; either way it is written down.',
  request: {
    params: z.strictObject({ player: z.string().max(40) }),
    query: z.strictObject({ reason: z.string().trim().min(3).max(400).optional() }),
  },
  responses: { 200: json(z.strictObject({ instruments: z.array(staffInstrument) }), 'Newest first.'), ...problems },
})

function decision<P extends string>(path: P, event: audit.Code, summary: string) {
  return createRoute({
    method: 'post',
    path,
    ...permits('payments.approve'),
    ...writes(event),
    summary,
    request: {
      headers: idempotencyHeader,
      params: z.strictObject({ id: z.string().max(64) }),
      body: {
        required: true,
        content: { 'application/json': { schema: z.strictObject({ reason: z.string().trim().min(1).max(500) }) } },
      },
    },
    responses: { 200: json(z.union([staffWithdrawal, staffDeposit]), 'As it stands now.'), ...problems },
  })
}
const approval = createRoute({
  ...decision(
    '/api/withdrawals/{id}/approval',
    'cashier.withdrawal_approved',
    'Approves a withdrawal and orders its payout; one that takes two waits for somebody else’s approval first.',
  ),
  ...writes('cashier.withdrawal_approved', 'staff.proposed'),
  responses: {
    200: json(staffWithdrawal, 'The payout is ordered.'),
    202: json(proposalSchema, 'It takes two: this waits for the other.'),
    ...problems,
  },
})
const rejection = decision(
  '/api/withdrawals/{id}/rejection',
  'cashier.withdrawal_rejected',
  'Rejects a withdrawal; the money is the player’s again.',
)
const resending = decision(
  '/api/withdrawals/{id}/resending',
  'cashier.withdrawal_resent',
  'Orders a payout of unknown fate again, under its old key.',
)
const release = decision(
  '/api/deposits/{id}/release',
  'cashier.deposit_released',
  'Lets a held deposit through to the player’s cash.',
)

/** Money in and out, for staff. Decisions need `payments.approve` and a reason; the room writes the audit record. */
export function cashierRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getWithdrawals, async (c) => {
    const found = await cashier.withdrawals(host.sql, given(c.req.valid('query')))
    return c.json({ withdrawals: found.map(forStaff) }, 200)
  })
  routes.openapi(getDeposits, async (c) => {
    const found = await cashier.deposits(host.sql, given(c.req.valid('query')))
    return c.json({ deposits: found.map(depositForStaff) }, 200)
  })
  routes.openapi(getInstruments, async (c) => {
    const { reason } = c.req.valid('query')
    if (reason !== undefined) staff.permit(staffOf(c), 'payments.unmask')
    const wanted = { player: c.req.valid('param').player, unmaskFor: reason }
    const found = await transact(host, (tx) => cashier.inspectInstruments(tx, commandOf(host, c), wanted))
    const instruments = found.map((card) => ({ ...card, savedAt: card.savedAt.toISOString() }))
    return c.json({ instruments }, 200)
  })
  routes.openapi(approval, (c) => {
    const member = staffOf(c)
    const payload = { id: c.req.valid('param').id, ...c.req.valid('json') }
    return mutate(host, c, { operation: 'cashier.approve', payload }, async (tx, command) => {
      const withdrawal = await cashier.withdrawalOf(tx, payload.id)
      const { reason } = payload
      if (withdrawal.state !== 'requested' || !(await cashier.takesTwo(tx, command, withdrawal)))
        return {
          status: 200,
          body: forStaff(await cashier.approve(tx, command, { withdrawal: withdrawal.id, reason })),
        }
      const { id, player } = withdrawal
      const wish = { withdrawal: id, player, amount: showMoney(withdrawal) }
      const asked = await staff.propose(tx, command, acts, { act: 'cashier.approve_payout', payload: wish, reason })
      return { status: 202, body: await showOne(tx, member, asked, command.now) }
    })
  })
  const withdrawalVerbs = [
    { route: rejection, operation: 'cashier.reject', verb: cashier.reject },
    { route: resending, operation: 'cashier.resend', verb: cashier.resend },
  ] as const
  for (const { route, operation, verb } of withdrawalVerbs)
    routes.openapi(route, (c) =>
      decide(host, c, operation, c.req.valid('param').id, c.req.valid('json').reason, async (tx, command, input) =>
        forStaff(await verb(tx, command, { withdrawal: input.id, reason: input.reason })),
      ),
    )
  routes.openapi(release, (c) =>
    decide(
      host,
      c,
      'cashier.release',
      c.req.valid('param').id,
      c.req.valid('json').reason,
      async (tx, command, input) =>
        depositForStaff(await cashier.releaseDeposit(tx, command, { deposit: input.id, reason: input.reason })),
    ),
  )
  return routes
}

function decide(
  host: Host,
  c: FaceContext,
  operation: string,
  id: string,
  reason: string,
  verb: (tx: Tx, command: HostCommand, input: { id: string; reason: string }) => Promise<unknown>,
): Promise<never> {
  const payload = { id, reason }
  return mutate(host, c, { operation, payload }, async (tx, command) => ({
    status: 200,
    body: await verb(tx, command, payload),
  }))
}

function forStaff(withdrawal: cashier.Withdrawal): z.infer<typeof staffWithdrawal> {
  const { player, decidedBy, unknownSince } = withdrawal
  return { ...showWithdrawal(withdrawal), player, decidedBy, unknownSince: unknownSince?.toISOString() ?? null }
}

function depositForStaff(deposit: cashier.Deposit): z.infer<typeof staffDeposit> {
  const { redirectUrl: _, ...shown } = showDeposit(deposit)
  return { ...shown, player: deposit.player }
}

/** Drops what was not asked for, so that an absent member stays absent. */
function given<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never
}
