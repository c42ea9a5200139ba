import { type Command, numberArray, type Reader, type Tx } from '#base'
import { record } from '../record.ts'

/** Leaves of events that were taken out before they were sealed, and that somebody has looked into. */
export async function explainedLosses(reader: Reader): Promise<number[]> {
  const rows = await reader<Array<{ leaf: bigint }>>`select leaf from audit.losses order by leaf`
  return rows.map(({ leaf }) => Number(leaf))
}

/**
 * Somebody answers for lost events, by their leaves: proofs hold beside them from now on. The worker's alone; that it was said is an event. What is
 * no lost event's leaf is left out.
 */
export async function explainLosses(tx: Tx, command: Command, leaves: readonly number[], by: string): Promise<void> {
  const [row] = await tx<Array<{ explained: bigint[] }>>`
    select audit.explain_losses(${numberArray(leaves)}::text::bigint[], ${command.now}, ${by}) as explained`
  const explained = row!.explained.map(String)
  if (explained.length > 0)
    await record(tx, command, { action: 'audit.loss_explained', subject: 'log', detail: { leaves: explained, by } })
}
