import { z } from '@hono/zod-openapi'
import { showMoney } from '#base'
import type { Deposit, Withdrawal } from '#cashier'
import { wireMoney } from './face.ts'

/** How the cashier's things look on the wire, to players and staff alike. */
const time = z.iso.datetime()

export const depositStates = ['pending', 'credited', 'held', 'failed'] as const
export const withdrawalStates = ['requested', 'approved', 'sent', 'paid', 'rejected', 'failed'] as const

export const depositSchema = z
  .strictObject({
    id: z.string(),
    state: z.enum(depositStates),
    amount: wireMoney,
    gateway: z.string(),
    reason: z.string().nullable(),
    requestedAt: time,
    settledAt: time.nullable(),
    redirectUrl: z.string().nullable(),
  })
  .openapi('Deposit')

export const withdrawalSchema = z
  .strictObject({
    id: z.string(),
    state: z.enum(withdrawalStates),
    amount: wireMoney,
    instrument: z.string(),
    reason: z.string().nullable(),
    requestedAt: time,
    decidedAt: time.nullable(),
    settledAt: time.nullable(),
  })
  .openapi('Withdrawal')

export const instrumentSchema = z
  .strictObject({
    id: z.string(),
    gateway: z.string(),
    brand: z.string(),
    last4: z.string(),
    expiry: z.string(),
    savedAt: time,
  })
  .openapi('Instrument')

export const pageQuery = z.strictObject({
  before: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** While a deposit is pending, its page is reached through our own address: the gateway's may not be open yet. */
export function showDeposit(deposit: Deposit): z.infer<typeof depositSchema> {
  return {
    id: deposit.id,
    state: deposit.state,
    amount: showMoney(deposit),
    gateway: deposit.gateway,
    reason: deposit.reason,
    requestedAt: deposit.requestedAt.toISOString(),
    settledAt: deposit.settledAt?.toISOString() ?? null,
    redirectUrl: deposit.state === 'pending' ? `/api/deposits/${deposit.id}/page` : null,
  }
}

export function showWithdrawal(withdrawal: Withdrawal): z.infer<typeof withdrawalSchema> {
  return {
    id: withdrawal.id,
    state: withdrawal.state,
    amount: showMoney(withdrawal),
    instrument: withdrawal.instrument,
    reason: withdrawal.reason,
    requestedAt: withdrawal.requestedAt.toISOString(),
    decidedAt: withdrawal.decidedAt?.toISOString() ?? null,
    settledAt: withdrawal.settledAt?.toISOString() ?? null,
  }
}
