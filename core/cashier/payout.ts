import { type Command, enqueue, type Money, type Reader, type Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as ledger from '#ledger'
import { stateForbids } from './errors.ts'
import { tokenOf } from './instrument.ts'
import { askAfterSeconds } from './policy.ts'
import { locked, note, type Withdrawal, withdrawalOf } from './withdrawal.ts'

/** How long a payout waits before it is looked at again, while money is frozen. */
const frozenAgainSeconds = 60

/**
 * approved -> sent, before the gateway is asked: from here on the money may be on its way. `undefined` when there is
 * nothing to send; a payout that was sent before is not sent again, it is asked about. While money is frozen none is sent:
 * these books may not be the ones that count, and the gateway would not know.
 */
export async function pay(
  tx: Tx,
  command: KeyedCommand,
  withdrawal: string,
): Promise<{ gateway: string; order: { withdrawal: string; amount: Money; token: string } } | undefined> {
  const row = await locked(tx, withdrawal)
  if (row.state !== 'approved') return undefined
  if (await ledger.isFrozen(tx)) {
    await enqueue(tx, {
      queue: 'payouts',
      data: { withdrawal },
      startAfter: new Date(command.now.getTime() + frozenAgainSeconds * 1000),
    })
    return undefined
  }
  const token = await tokenOf(tx, command.keys, row.instrument)
  await tx`update cashier.withdrawals set state = 'sent', sent_at = ${command.now} where id = ${row.id}`
  const amount = { amount: row.amount, currency: row.currency }
  return { gateway: row.gateway, order: { withdrawal: row.id, amount, token } }
}

/** The gateway took the order; its signed event will tell the end. */
export async function payoutAccepted(tx: Tx, withdrawal: string, payout: string): Promise<void> {
  await tx`
    update cashier.withdrawals set payout = ${payout}, unknown_since = null
    where id = ${withdrawal} and state = 'sent'`
}

/** sent -> approved: the order certainly never left, so it may be sent anew. */
export async function payoutNotSent(tx: Tx, withdrawal: string): Promise<void> {
  await tx`
    update cashier.withdrawals set state = 'approved', sent_at = null
    where id = ${withdrawal} and state = 'sent' and payout is null`
}

/** Nobody knows what became of it: the money stays held until the gateway says or a member of staff decides. */
export async function payoutUnknown(tx: Tx, command: Command, withdrawal: string): Promise<void> {
  await tx`
    update cashier.withdrawals set unknown_since = coalesce(unknown_since, ${command.now})
    where id = ${withdrawal} and state = 'sent'`
}

/** A member of staff has the payout of unknown fate ordered again, under the same key at the gateway. */
export async function resend(
  tx: Tx,
  command: Command,
  input: { withdrawal: string; reason: string },
): Promise<Withdrawal> {
  const row = await locked(tx, input.withdrawal, ['sent'])
  if (row.unknownSince === null || row.payout !== null) throw stateForbids(row.state)
  await tx`update cashier.withdrawals set state = 'approved', sent_at = null, unknown_since = null where id = ${row.id}`
  await enqueue(tx, { queue: 'payouts', data: { withdrawal: row.id } })
  await note(tx, command, 'cashier.withdrawal_resent', row, 'approved', input.reason)
  return await withdrawalOf(tx, row.id)
}

/** Payouts that were sent a while ago and have not ended: the ones to ask the gateway about. */
export async function unanswered(reader: Reader, now: Date): Promise<Array<{ id: string; gateway: string }>> {
  return await reader<Array<{ id: string; gateway: string }>>`
    select id, gateway from cashier.withdrawals
    where state = 'sent' and sent_at < ${new Date(now.getTime() - askAfterSeconds * 1000)} order by sent_at limit 100`
}
