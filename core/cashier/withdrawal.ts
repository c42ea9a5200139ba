import * as audit from '#audit'
import {
  type Command,
  type Currency,
  enqueue,
  type Money,
  newId,
  type Reader,
  readMoney,
  showMoney,
  type Tx,
} from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as protection from '#protection'
import * as staff from '#staff'
import { currencyForeign, outOfBounds, payoutTakesTwo, stateForbids, withdrawalUnknown } from './errors.ts'
import { ownInstrument } from './instrument.ts'
import { noteLarge } from './large.ts'
import type { WithdrawalState } from './policy.ts'

export type Withdrawal = {
  id: string
  player: string
  wallet: bigint
  amount: bigint
  currency: Currency
  gateway: string
  instrument: string
  state: WithdrawalState
  unknownSince: Date | null
  reason: string | null
  payout: string | null
  requestedAt: Date
  decidedAt: Date | null
  decidedBy: string | null
  sentAt: Date | null
  settledAt: Date | null
}

/**
 * Sets the money aside and waits for a member of staff. There is no verb by which a player takes it back [RTS-14B]; an
 * excluded player may ask too [GLI-A.3.8c].
 *
 * @throws Refusal `cashier.instrument_unknown`, `cashier.currency_foreign`, `cashier.amount_out_of_bounds`,
 * `ledger.insufficient_funds`
 */
export async function withdraw(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; amount: Money; instrument: string },
): Promise<Withdrawal> {
  const { player, wallet, amount, instrument } = input
  await ledger.lockWallet(tx, wallet)
  const { currency } = await ledger.balance(tx, wallet)
  if (amount.currency !== currency) throw currencyForeign(currency)
  const { gateway } = await ownInstrument(tx, player, instrument)
  const least = (await licences.rules(tx)).withdrawalMin[currency]
  const min = readMoney({ amount: least ?? '0', currency })
  if (amount.amount < min.amount) throw outOfBounds(min)
  await protection.admit(tx, command, { wallet, act: 'withdraw' })
  const id = newId('wdr', command.now.getTime())
  const kind = 'withdrawal.held'
  await ledger.hold(tx, command, { wallet, hold: id, amount: amount.amount, kind, reference: id })
  await tx`
    insert into cashier.withdrawals (id, player, wallet, amount, currency, gateway, instrument, state, requested_at)
    values (${id}, ${player}, ${wallet}, ${amount.amount}, ${currency}, ${gateway}, ${instrument}, 'requested', ${command.now})`
  await audit.record(tx, command, {
    action: 'cashier.withdrawal_asked',
    subject: id,
    player,
    detail: { player, amount: amount.amount, currency },
  })
  return await withdrawalOf(tx, id)
}

/** Was this player's money never asked for to this card, nor sent there? Then it is a new one to be paid out to. */
export async function isNewPayoutTo(
  reader: Reader,
  { player, instrument }: { player: string; instrument: string },
): Promise<boolean> {
  const [earlier] = await reader`
    select from cashier.withdrawals
    where player = ${player} and instrument = ${instrument} and state not in ('rejected', 'failed') limit 1`
  return earlier === undefined
}

/**
 * requested -> approved; the payout is ordered in the same transaction. One that takes two is ordered by their approval only.
 *
 * @throws Refusal `cashier.takes_two`, `cashier.state_forbids`, `staff.approval_absent`, `ledger.frozen`
 */
export async function approve(
  tx: Tx,
  command: Command,
  input: { withdrawal: string; reason: string; approval?: string },
): Promise<Withdrawal> {
  await ledger.refuseWhileFrozen(tx)
  const row = await locked(tx, input.withdrawal, ['requested'])
  const { id } = row
  if (input.approval === undefined) {
    if (await takesTwo(tx, command, row)) throw payoutTakesTwo()
  } else {
    const about = { withdrawal: id, player: row.player, amount: showMoney(row) }
    await staff.requireApproval(tx, command, { proposal: input.approval, act: 'cashier.approve_payout', about })
  }
  await tx`
    update cashier.withdrawals set state = 'approved', decided_at = ${command.now}, decided_by = ${command.actor.id}
    where id = ${id}`
  await enqueue(tx, { queue: 'payouts', data: { withdrawal: id } })
  await note(tx, command, 'cashier.withdrawal_approved', row, 'approved', input.reason)
  return await withdrawalOf(tx, id)
}

/**
 * Is this payout so large that two decide it, by itself or with what this player was approved in 24 hours? Many small ones are
 * one large one.
 */
export async function takesTwo(
  reader: Reader,
  { now }: Command,
  { id, player, amount, currency }: Pick<Withdrawal, 'id' | 'player' | 'amount' | 'currency'>,
): Promise<boolean> {
  const bound = (await licences.rules(reader)).payoutTwoFrom[currency] ?? '0'
  const [before] = await reader<Array<{ amount: bigint }>>`
    select coalesce(sum(amount), 0)::bigint as amount from cashier.withdrawals
    where player = ${player} and currency = ${currency} and id <> ${id} and state in ('approved', 'sent', 'paid')
      and decided_at > ${new Date(now.getTime() - 86_400_000)}`
  return amount + (before?.amount ?? 0n) >= readMoney({ amount: bound, currency }).amount
}

/** requested -> rejected; the player has the money back. */
export async function reject(
  tx: Tx,
  command: Command,
  input: { withdrawal: string; reason: string },
): Promise<Withdrawal> {
  const row = await locked(tx, input.withdrawal, ['requested'])
  await giveBack(tx, command, row, 'withdrawal.rejected')
  await tx`
    update cashier.withdrawals set state = 'rejected', reason = ${input.reason}, decided_at = ${command.now},
      decided_by = ${command.actor.id}, settled_at = ${command.now}
    where id = ${row.id}`
  await note(tx, command, 'cashier.withdrawal_rejected', row, 'rejected', input.reason)
  return await withdrawalOf(tx, row.id)
}

/** -> paid: what was held leaves the house. The caller has locked the wallet and judged the state. */
export async function paid(tx: Tx, command: Command, row: Withdrawal, payout: string): Promise<void> {
  const { id, wallet, amount } = row
  const to = 'gateway.clearing'
  const kind = 'withdrawal.paid'
  await ledger.capture(tx, command, { wallet, hold: id, key: `paid:${id}`, amount, kind, reference: id, to })
  await settle(tx, command, row, 'paid', null, payout)
  const { player, currency } = row
  await noteLarge(tx, command, { player, subject: id, amount, currency, direction: 'out' })
}

/** -> failed: what was held is the player's again. The caller has locked the wallet and judged the state. */
export async function failed(
  tx: Tx,
  command: Command,
  row: Withdrawal,
  reason: string,
  payout: string | null,
): Promise<void> {
  await giveBack(tx, command, row, 'withdrawal.failed')
  await settle(tx, command, row, 'failed', reason, payout)
}

/** @throws Refusal `cashier.withdrawal_unknown` when there is none, or none of this player's */
export async function withdrawalOf(reader: Reader, id: string, player?: string): Promise<Withdrawal> {
  const [row] = await reader<Withdrawal[]>`select ${columns(reader)} from cashier.withdrawals where id = ${id}`
  if (!row || (player !== undefined && row.player !== player)) throw withdrawalUnknown()
  return row
}

/** Newest first; `before` is the id of the last one seen. */
export async function withdrawals(
  reader: Reader,
  wanted: { player?: string; state?: WithdrawalState; before?: string; limit: number },
): Promise<Withdrawal[]> {
  return await reader<Withdrawal[]>`
    select ${columns(reader)} from cashier.withdrawals where true
      ${wanted.player === undefined ? reader`` : reader`and player = ${wanted.player}`}
      ${wanted.state === undefined ? reader`` : reader`and state = ${wanted.state}`}
      ${wanted.before === undefined ? reader`` : reader`and id < ${wanted.before}`}
    order by id desc limit ${wanted.limit}`
}

/** Locks the wallet, then reads: always that order, so that an event and a member of staff never wait for each other. */
export async function locked(tx: Tx, id: string, states?: readonly WithdrawalState[]): Promise<Withdrawal> {
  const { wallet } = await withdrawalOf(tx, id)
  await ledger.lockWallet(tx, wallet)
  const row = await withdrawalOf(tx, id)
  if (states && !states.includes(row.state)) throw stateForbids(row.state)
  return row
}

async function giveBack(tx: Tx, command: Command, { id, wallet, amount }: Withdrawal, kind: string): Promise<void> {
  await ledger.release(tx, command, { wallet, hold: id, key: `release:${id}`, amount, kind, reference: id })
}

async function settle(
  tx: Tx,
  command: Command,
  row: Withdrawal,
  state: 'paid' | 'failed',
  reason: string | null,
  payout: string | null,
): Promise<void> {
  await tx`
    update cashier.withdrawals set state = ${state}, reason = ${reason}, settled_at = ${command.now},
      payout = coalesce(payout, ${payout}), unknown_since = null
    where id = ${row.id}`
  await note(tx, command, `cashier.withdrawal_${state}`, row, state, reason)
}

/** `reason`: why a member of staff decided so, or why the gateway says it failed. */
export async function note(
  tx: Tx,
  command: Command,
  action: audit.Code,
  { id, player, amount, currency, state: old }: Withdrawal,
  state: WithdrawalState,
  reason: string | null,
): Promise<void> {
  await audit.record(tx, command, {
    action,
    subject: id,
    player,
    ...(reason ? { reason } : {}),
    detail: { player, amount, currency },
    ...audit.changed({ state: old }, { state }),
  })
}

function columns(reader: Reader) {
  return reader`id, player, wallet, amount, currency, gateway, instrument, state, unknown_since as "unknownSince",
    reason, payout, requested_at as "requestedAt", decided_at as "decidedAt", decided_by as "decidedBy",
    sent_at as "sentAt", settled_at as "settledAt"`
}
