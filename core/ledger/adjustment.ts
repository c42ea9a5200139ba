import * as audit from '#audit'
import type { Command, Tx } from '#base'
import { approvalMissing } from './errors.ts'
import { type Booked, transfer } from './transfer.ts'
import { ownerOf } from './wallet.ts'

export type Adjustment = {
  wallet: bigint
  /** In minor units: above zero gives the player money, below takes it. */
  amount: bigint
  /** The id under which two people agreed to exactly this; it is the key, so one approval adjusts once while keys
   * are kept (`keyDaysMin`); who approves must use it up. */
  approval: string
}

/**
 * Corrects a wallet by what two people approved. Who may approve what is for the room that asks.
 *
 * @throws Refusal `ledger.approval_missing`, `ledger.insufficient_funds`, `ledger.amount_invalid`, `base.key_reused`
 */
export async function adjust(tx: Tx, command: Command, { wallet, amount, approval }: Adjustment): Promise<Booked> {
  if (!/^[a-z]{2,8}_\w{6,64}$/.test(approval)) throw approvalMissing()
  const cash = { pocket: 'cash' as const }
  const adjustments = { house: 'adjustments' as const }
  const booked = await transfer(tx, command, {
    wallet,
    key: `adjustment:${approval}`,
    kind: 'adjustment',
    reference: approval,
    legs: [amount >= 0n ? { from: adjustments, to: cash, amount } : { from: cash, to: adjustments, amount: -amount }],
  })
  if (booked.replayed) return booked
  const { player, currency } = await ownerOf(tx, wallet)
  await audit.record(tx, command, {
    action: 'ledger.adjusted',
    subject: player,
    player,
    detail: { player, amount, currency, approval },
    ...audit.changed({ cash: booked.cash - amount }, { cash: booked.cash }),
  })
  return booked
}
