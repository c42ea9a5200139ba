import type { Command, Tx } from '#base'
import { holdExhausted, holdUnknown } from './errors.ts'
import { type Booked, type HouseAccount, transfer } from './transfer.ts'

type HoldRow = { amount: bigint; captured: bigint; released: bigint }
type Portion = { wallet: bigint; hold: string; key: string; amount: bigint; kind: string; reference?: string }

/**
 * Sets money aside: from cash to held, under a name that capture and release use. The name is the key.
 *
 * @throws Refusal `ledger.insufficient_funds`
 */
export async function hold(
  tx: Tx,
  command: Command,
  order: { wallet: bigint; hold: string; amount: bigint; kind: string; reference?: string },
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
      insert into ledger.holds (wallet, hold, amount, placed_at)
      values (${order.wallet}, ${order.hold}, ${order.amount}, ${command.now})`
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

async function take(
  tx: Tx,
  command: Command,
  order: Portion,
  column: 'captured' | 'released',
  to: { house: HouseAccount } | { pocket: 'cash' },
): Promise<Booked> {
  const booked = await transfer(tx, command, {
    wallet: order.wallet,
    key: order.key,
    kind: order.kind,
    ...(order.reference ? { reference: order.reference } : {}),
    legs: [{ from: { pocket: 'held' }, to, amount: order.amount }],
  })
  if (booked.replayed) return booked
  const [row] = await tx<HoldRow[]>`
    select amount, captured, released from ledger.holds
    where wallet = ${order.wallet} and hold = ${order.hold} for no key update`
  if (!row) throw holdUnknown()
  if (row.captured + row.released + order.amount > row.amount) throw holdExhausted()
  await tx`
    update ledger.holds set ${tx(column)} = ${tx(column)} + ${order.amount}
    where wallet = ${order.wallet} and hold = ${order.hold}`
  return booked
}
