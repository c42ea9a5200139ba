import type { Command, Tx } from '#base'
import { holdExhausted, holdUnknown } from './errors.ts'
import { type Booked, type HouseAccount, transfer } from './transfer.ts'
import { lockWallet } from './wallet.ts'

type Portion = { wallet: bigint; hold: string; key: string; amount: bigint; kind: string; reference?: string }

/**
 * Sets money aside: from cash to held, under a name that capture and release use. The name is the key. A hold with an end
 * is given back by `expireHolds` some time after it.
 *
 * @throws Refusal `ledger.insufficient_funds`
 */
export async function hold(
  tx: Tx,
  command: Command,
  order: { wallet: bigint; hold: string; amount: bigint; kind: string; reference?: string; expiresAt?: Date },
): Promise<Booked> {
  const booked = await transfer(tx, command, {
    wallet: order.wallet,
    key: `hold:${order.hold}`,
    kind: order.kind,
    ...(order.reference ? { reference: order.reference } : {}),
    legs: [{ from: { pocket: 'cash' }, to: { pocket: 'held' }, amount: order.amount }],
  })
  if (!booked.replayed)
    await tx`
      insert into ledger.holds (wallet, hold, amount, placed_at, expires_at)
      values (${order.wallet}, ${order.hold}, ${order.amount}, ${command.now}, ${order.expiresAt ?? null})`
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

/** What a hold has left, under the wallet's lock. @throws Refusal `ledger.hold_unknown` */
async function leftOf(tx: Tx, wallet: bigint, hold: string): Promise<bigint> {
  const [row] = await tx<Array<{ left: bigint }>>`
    select amount - captured - released as left from ledger.holds where wallet = ${wallet} and hold = ${hold}`
  if (!row) throw holdUnknown()
  return row.left
}
