import type { Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { noteBounce } from './address.ts'
import { receiptUnknown } from './errors.ts'

/** What a carrier says of a message that it took; `status` is its own word for why a message did not arrive. */
export type Receipt = { carrier: string; reference: string } & ({ arrived: true } | { arrived: false; status: string })

/**
 * Ends a message that was sent, once: a receipt that comes again, or a second one that says otherwise, changes nothing.
 *
 * @throws Refusal `messages.receipt_unknown` for a message we do not know; or not yet, so the carrier is to say it again
 */
export async function noteReceipt(tx: Tx, command: KeyedCommand, receipt: Receipt): Promise<void> {
  const { carrier, reference } = receipt
  const [row] = await tx<Array<{ message: string; state: string }>>`
    select message, state from messages.outbox where carrier = ${carrier} and reference = ${reference} for update`
  if (!row) throw receiptUnknown()
  if (row.state !== 'sent') return
  if (receipt.arrived) await tx`update messages.outbox set state = 'delivered' where message = ${row.message}`
  else await noteBounce(tx, command, row.message, receipt.status)
}
