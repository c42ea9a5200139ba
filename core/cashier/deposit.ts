import * as audit from '#audit'
import { type Command, type Currency, type Money, money, newId, type Reader, readMoney, type Tx } from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as players from '#players'
import * as protection from '#protection'
import { accountNotActive, currencyForeign, depositUnknown, outOfBounds, stateForbids } from './errors.ts'
import { noteLarge } from './large.ts'
import type { DepositState } from './policy.ts'

export type Deposit = {
  id: string
  player: string
  wallet: bigint
  amount: bigint
  currency: Currency
  gateway: string
  state: DepositState
  reason: string | null
  payment: string | null
  redirectUrl: string | null
  instrument: string | null
  requestedAt: Date
  settledAt: Date | null
}

/** A page of the payment that was never finished counts against the limit for this long. */
const underWaySecondsMax = 1800

/**
 * Writes down that a player wants to deposit. No money moves; the gateway is asked afterwards, with the id as key. What
 * is under way counts against the limit, so that ten open pages cannot each stay just below it.
 *
 * @throws Refusal `cashier.currency_foreign`, `cashier.amount_out_of_bounds`, `cashier.account_not_active`,
 * `protection.*`, `ledger.frozen`
 */
export async function deposit(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; amount: Money; gateway: string },
): Promise<Deposit> {
  const { player, wallet, amount } = input
  await ledger.refuseWhileFrozen(tx)
  await ledger.lockWallet(tx, wallet)
  const { currency } = await ledger.balance(tx, wallet)
  if (amount.currency !== currency) throw currencyForeign(currency)
  await withinLicence(tx, amount)
  if ((await players.findPlayer(tx, player))?.status !== 'active') throw accountNotActive()
  await protection.admit(tx, command, { wallet, act: 'deposit' })
  await protection.allowDeposit(tx, command, {
    player,
    amount: amount.amount,
    underWay: await underWay(tx, command, player),
  })
  const id = newId('dep', command.now.getTime())
  await tx`
    insert into cashier.deposits (id, player, wallet, amount, currency, gateway, state, requested_at)
    values (${id}, ${player}, ${wallet}, ${amount.amount}, ${currency}, ${input.gateway}, 'pending', ${command.now})`
  await audit.record(tx, command, {
    action: 'cashier.deposit_asked',
    subject: id,
    player,
    detail: { player, amount: amount.amount, currency },
  })
  return await depositOf(tx, id)
}

/** Keeps where the gateway's page is; the first answer stays. */
export async function paymentOpened(
  tx: Tx,
  input: { deposit: string; payment: string; redirectUrl: string },
): Promise<Deposit> {
  await tx`
    update cashier.deposits set payment = ${input.payment}, redirect_url = ${input.redirectUrl}
    where id = ${input.deposit} and redirect_url is null`
  return await depositOf(tx, input.deposit)
}

/**
 * Money arrived: from gateway clearing to cash, once (the deposit's id is the key) [GLI-2.5.6c-1]. If a limit or an
 * exclusion says no by now, it is received all the same, since the gateway has it, but goes to held and waits for a
 * member of staff [CR-13] [CR-14]. The caller has locked the wallet and judged the state.
 */
export async function credit(
  tx: Tx,
  command: Command,
  input: { deposit: Deposit; payment: string; authorisation: string; instrument: string | null },
): Promise<'credited' | 'held'> {
  const { id, wallet, player, amount, currency } = input.deposit
  const objection = await objectionTo(tx, command, input.deposit)
  await ledger.transfer(tx, command, {
    wallet,
    key: `deposit:${id}`,
    kind: 'deposit',
    reference: id,
    legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount }],
  })
  if (objection) await ledger.hold(tx, command, { wallet, hold: id, amount, kind: 'deposit.held', reference: id })
  await protection.countDeposit(tx, command, { player, deposit: id, amount })
  const state = objection ? 'held' : 'credited'
  await tx`
    update cashier.deposits set state = ${state}, reason = ${objection ?? null}, settled_at = ${command.now},
      payment = coalesce(payment, ${input.payment}), authorisation = ${input.authorisation}, instrument = ${input.instrument}
    where id = ${id}`
  await audit.record(tx, command, {
    action: `cashier.deposit_${state}`,
    subject: id,
    player,
    detail: { player, amount, currency, authorisation: input.authorisation, objection },
    ...audit.changed({ state: input.deposit.state }, { state }),
  })
  await noteLarge(tx, command, { player, subject: id, amount, currency, direction: 'in' })
  return state
}

export async function failDeposit(tx: Tx, command: Command, deposit: Deposit, reason: string): Promise<void> {
  const { id, player, amount, currency, state } = deposit
  await tx`update cashier.deposits set state = 'failed', reason = ${reason}, settled_at = ${command.now} where id = ${id}`
  await audit.record(tx, command, {
    action: 'cashier.deposit_failed',
    subject: id,
    player,
    detail: { player, amount, currency, cause: reason },
    ...audit.changed({ state }, { state: 'failed' }),
  })
}

/**
 * A member of staff lets a held deposit through. Not while the player is excluded.
 *
 * @throws Refusal `cashier.deposit_unknown`, `cashier.state_forbids`, `protection.*`
 */
export async function releaseDeposit(
  tx: Tx,
  command: Command,
  input: { deposit: string; reason: string },
): Promise<Deposit> {
  const { id, player, wallet, amount, currency } = await depositOf(tx, input.deposit)
  await ledger.lockWallet(tx, wallet)
  const { state } = await depositOf(tx, id)
  if (state !== 'held') throw stateForbids(state)
  await protection.admit(tx, command, { wallet, act: 'deposit' })
  const kind = 'deposit.released'
  await ledger.release(tx, command, { wallet, hold: id, key: `release:${id}`, amount, kind, reference: id })
  await tx`update cashier.deposits set state = 'credited', decided_by = ${command.actor.id} where id = ${id}`
  await audit.record(tx, command, {
    action: 'cashier.deposit_released',
    subject: id,
    player,
    reason: input.reason,
    detail: { player, amount, currency },
    ...audit.changed({ state }, { state: 'credited' }),
  })
  return await depositOf(tx, id)
}

/** @throws Refusal `cashier.deposit_unknown` when there is none, or none of this player's */
export async function depositOf(reader: Reader, id: string, player?: string): Promise<Deposit> {
  const [row] = await reader<Deposit[]>`select ${columns(reader)} from cashier.deposits where id = ${id}`
  if (!row || (player !== undefined && row.player !== player)) throw depositUnknown()
  return row
}

/** Newest first; `before` is the id of the last one seen. */
export async function deposits(
  reader: Reader,
  wanted: { player?: string; state?: DepositState; before?: string; limit: number },
): Promise<Deposit[]> {
  return await reader<Deposit[]>`
    select ${columns(reader)} from cashier.deposits where true
      ${wanted.player === undefined ? reader`` : reader`and player = ${wanted.player}`}
      ${wanted.state === undefined ? reader`` : reader`and state = ${wanted.state}`}
      ${wanted.before === undefined ? reader`` : reader`and id < ${wanted.before}`}
    order by id desc limit ${wanted.limit}`
}

function columns(reader: Reader) {
  return reader`id, player, wallet, amount, currency, gateway, state, reason, payment, redirect_url as "redirectUrl",
    instrument, requested_at as "requestedAt", settled_at as "settledAt"`
}

async function withinLicence(reader: Reader, amount: Money): Promise<void> {
  const { currency } = amount
  const bounds = (await licences.rules(reader)).deposit[currency]
  if (!bounds) throw currencyForeign(currency)
  const min = readMoney({ amount: bounds.min, currency })
  const max = readMoney({ amount: bounds.max, currency })
  if (amount.amount < min.amount || amount.amount > max.amount)
    throw outOfBounds(money(min.amount, currency), money(max.amount, currency))
}

async function underWay(reader: Reader, command: Command, player: string): Promise<bigint> {
  const since = new Date(command.now.getTime() - underWaySecondsMax * 1000)
  const [row] = await reader<Array<{ amount: bigint }>>`
    select coalesce(sum(amount), 0)::bigint as amount from cashier.deposits
    where player = ${player} and state = 'pending' and requested_at > ${since}`
  return row?.amount ?? 0n
}

/** Why this money may not be played with now, as a code; asked again at the moment it arrives. */
async function objectionTo(
  tx: Tx,
  command: Command,
  { player, wallet, amount }: Deposit,
): Promise<'excluded' | 'account_not_active' | 'rg_limit_breach' | undefined> {
  if (await protection.barOf(tx, wallet, command.now)) return 'excluded'
  if ((await players.findPlayer(tx, player))?.status !== 'active') return 'account_not_active'
  for (const limit of await protection.limits(tx, player, command.now))
    if (limit.amount !== null && limit.used + amount > limit.amount) return 'rg_limit_breach'
  return undefined
}
