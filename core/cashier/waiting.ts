import type { Reader } from '#base'

/**
 * What waits: `event` of a gateway for its job, `deposit` that is held and `withdrawal` that is asked for, each for a person,
 * `payout` for the word of a gateway (approved, or sent and not answered).
 */
export type Waits = 'event' | 'deposit' | 'withdrawal' | 'payout'

/** How many of each kind wait, and since when the oldest does; each kind is there, also with none. */
export async function waiting(reader: Reader): Promise<Array<{ what: Waits; count: number; since: Date | null }>> {
  return await reader<Array<{ what: Waits; count: number; since: Date | null }>>`
    select 'event' as what, count(*)::int as count, min(received_at) as since
      from cashier.gateway_events where processed_at is null
    union all select 'deposit', count(*)::int, min(settled_at) from cashier.deposits where state = 'held'
    union all select 'withdrawal', count(*)::int, min(requested_at) from cashier.withdrawals where state = 'requested'
    union all select 'payout', count(*)::int, min(decided_at) from cashier.withdrawals where state in ('approved', 'sent')`
}
