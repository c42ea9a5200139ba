import type { Money } from '#base'
import type { GatewayEvent } from './ports.ts'

export type DepositState = 'pending' | 'credited' | 'held' | 'failed'
export type WithdrawalState = 'requested' | 'approved' | 'sent' | 'paid' | 'rejected' | 'failed'

/** What to do with an event. `contradiction`: the gateway takes back what was final; money does not move on its word. */
export type Verdict = 'credit' | 'fail' | 'capture' | 'release' | 'ignored' | 'mismatch' | 'contradiction'

/**
 * Events come late, twice and in any order, so the state decides, not the order. Money that arrived is money that
 * arrived: a success after a failure is credited, a failure after a success is not believed.
 */
export function judgePayment(
  deposit: { state: DepositState; amount: bigint; currency: string },
  event: Pick<GatewayEvent, 'type' | 'amount'>,
): Verdict {
  if (event.type === 'payment.failed') return deposit.state === 'pending' ? 'fail' : 'ignored'
  if (event.type !== 'payment.succeeded') return 'ignored'
  if (!isSame(deposit, event.amount)) return 'mismatch'
  return deposit.state === 'pending' || deposit.state === 'failed' ? 'credit' : 'ignored'
}

/** A payout ends once: what was captured is not released, what was released is not captured. */
export function judgePayout(
  withdrawal: { state: WithdrawalState; amount: bigint; currency: string },
  event: Pick<GatewayEvent, 'type' | 'amount'>,
): Verdict {
  if (event.type !== 'payout.paid' && event.type !== 'payout.failed') return 'ignored'
  if (!isSame(withdrawal, event.amount)) return 'mismatch'
  const paid = event.type === 'payout.paid'
  if (withdrawal.state === 'sent' || withdrawal.state === 'approved') return paid ? 'capture' : 'release'
  if (withdrawal.state === (paid ? 'paid' : 'failed')) return 'ignored'
  return 'contradiction'
}

function isSame(row: { amount: bigint; currency: string }, amount: Money | undefined): boolean {
  return amount !== undefined && amount.amount === row.amount && amount.currency === row.currency
}

/** Long enough for the slowest gateway to answer; after that somebody asks. */
export const askAfterSeconds = 60
