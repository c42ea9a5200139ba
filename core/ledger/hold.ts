import type { Command, Tx } from '#base'
import { holdExhausted, holdUnknown } from './errors.ts'
import { type Booked, type HouseAccount, type Leg, transfer } from './transfer.ts'
import { lockWallet } from './wallet.ts'

type Portion = { wallet: bigint; hold: string; key: string; amount: bigint; kind: string; reference?: string }

type Hold = {
  wallet: bigint
  hold: string
  amount: bigint
  kind: string
  reference?: string
  expiresAt?: Date
  /** The transfer's key and what must be the same on a repeat, where that is not the hold's name and all of this. */
  once?: { key: string; payload: unknown }
}

/**
 * Sets money aside: from cash to held, under a name that capture and release use. The name is the key, unless there is another.
 * A hold with an end is given back by `expireHolds` some time after it.
 *
 * @throws Refusal `ledger.insufficient_funds`, `base.key_reused`
 */
export async function hold(tx: Tx, command: Command, order: Hold): Promise<Booked> {
  const booked = await transfer(tx, command, {
    wallet: order.wallet,
    key: `hold:${order.hold}`,
    kind: order.kind,
    ...(order.reference ? { reference: order.reference } : {}),
    legs: [{ from: { pocket: 'cash' }, to: { pocket: 'held' }, amount: order.amount }],
    ...order.once,
  })
  if (!booked.replayed)
    await tx`
      insert into ledger.holds (wallet, hold, amount, placed_at, expires_at, key)
      values (${order.wallet}, ${order.hold}, ${order.amount}, ${command.now}, ${order.expiresAt ?? null}, ${order.once?.key ?? null})`
  return booked
}

/** Takes held money, in full or part, for the house account that it goes to. @throws Refusal `ledger.hold_exhausted`, `ledger.hold_unknown` */
export async function capture(tx: Tx, command: Command, order: Portion & { to: HouseAccount }): Promise<Booked> {
  return take(tx, command, order, 'captured', { house: order.to })
}

/** Gives held money back to cash, in full or part. @throws Refusal `ledger.hold_exhausted`, `ledger.hold_unknown` */
export async function release(tx: Tx, command: Command, order: Portion): Promise<Booked> {
  return take(tx, command, order, 'released', { pocket: 'cash' })
}

type Whole = { wallet: bigint; holds: readonly string[]; key: string; kind: string; reference?: string }

/**
 * Takes all that several holds have left for a house account, which pays `back` into cash in the same transfer: how a round ends
 * whose stakes were held. `back` may be nothing.
 *
 * @throws Refusal `ledger.hold_exhausted` also when there is none of these
 */
export async function settle(
  tx: Tx,
  command: Command,
  order: Whole & { to: HouseAccount; back: bigint },
): Promise<Booked> {
  const house = { house: order.to }
  return takeAll(tx, command, order, 'captured', (amount) => [
    { from: { pocket: 'held' }, to: house, amount },
    ...(order.back > 0n ? [{ from: house, to: { pocket: 'cash' } as const, amount: order.back }] : []),
  ])
}

/** Gives all that several holds have left back to cash, in one transfer. @throws Refusal `ledger.hold_exhausted` */
export async function giveBack(tx: Tx, command: Command, order: Whole): Promise<Booked> {
  return takeAll(tx, command, order, 'released', (amount) => [
    { from: { pocket: 'held' }, to: { pocket: 'cash' }, amount },
  ])
}

/**
 * Gives back what is left of holds whose end has come, some at a time; answers how many. Others may run it at the same time:
 * each hold is given back once.
 */
export async function expireHolds(tx: Tx, command: Command, countMax: number): Promise<number> {
  const due = await tx<Array<{ wallet: bigint; hold: string }>>`
    select wallet, hold from ledger.holds
    where expires_at <= ${command.now} and captured + released < amount
    order by wallet, hold limit ${countMax}`
  // All wallets before the first lane: a wallet locked after one could belong to who waits for that lane.
  await tx`
    select 1 from ledger.wallets where wallet = any (${due.map(({ wallet }) => String(wallet))}::text[]::bigint[])
    order by wallet for no key update`
  let expired = 0
  for (const { wallet, hold } of due) if (await expire(tx, command, wallet, hold)) expired++
  return expired
}

async function expire(tx: Tx, command: Command, wallet: bigint, hold: string): Promise<boolean> {
  const left = await leftOf(tx, wallet, hold)
  if (left === 0n) return false
  await release(tx, command, { wallet, hold, key: `expire:${hold}`, amount: left, kind: 'hold.expired' })
  return true
}

async function take(
  tx: Tx,
  command: Command,
  order: Portion,
  column: 'captured' | 'released',
  to: { house: HouseAccount } | { pocket: 'cash' },
): Promise<Booked> {
  await lockWallet(tx, order.wallet)
  const left = await leftOf(tx, order.wallet, order.hold)
  const booked = await transfer(tx, command, {
    wallet: order.wallet,
    key: order.key,
    kind: order.kind,
    ...(order.reference ? { reference: order.reference } : {}),
    legs: [{ from: { pocket: 'held' }, to, amount: order.amount }],
  }).catch((error: { code?: string }) => {
    throw error.code === 'ledger.insufficient_funds' ? holdExhausted() : error
  })
  if (booked.replayed) return booked
  if (order.amount > left) throw holdExhausted()
  await tx`
    update ledger.holds set ${tx(column)} = ${tx(column)} + ${order.amount}
    where wallet = ${order.wallet} and hold = ${order.hold}`
  return booked
}

async function takeAll(
  tx: Tx,
  command: Command,
  { wallet, holds, key, kind, reference }: Whole,
  column: 'captured' | 'released',
  legs: (amount: bigint) => Leg[],
): Promise<Booked> {
  await lockWallet(tx, wallet)
  const taken = await tx<Array<{ left: bigint }>>`
    with each as (
      select hold, amount - captured - released as left from ledger.holds
      where wallet = ${wallet} and hold = any (${holds as string[]}::text[]) and amount > captured + released
    )
    update ledger.holds h set ${tx(column)} = h.${tx(column)} + each.left from each
    where h.wallet = ${wallet} and h.hold = each.hold returning each.left`
  if (taken.count === 0) throw holdExhausted()
  const amount = taken.reduce((sum, { left }) => sum + left, 0n)
  return transfer(tx, command, { wallet, key, kind, ...(reference ? { reference } : {}), legs: legs(amount) })
}

/** What a hold has left, under the wallet's lock. @throws Refusal `ledger.hold_unknown` */
async function leftOf(tx: Tx, wallet: bigint, hold: string): Promise<bigint> {
  const [row] = await tx<Array<{ left: bigint }>>`
    select amount - captured - released as left from ledger.holds where wallet = ${wallet} and hold = ${hold}`
  if (!row) throw holdUnknown()
  return row.left
}
