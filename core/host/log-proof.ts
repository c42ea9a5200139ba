import * as audit from '#audit'
import type { Reader } from '#base'
import { verifySealedBooks } from './sealed-books.ts'

/** One thing that holds of the audit log, or the first place where it does not. */
export type LogCheck = { name: string; ok: boolean; firstBad?: string }

/**
 * Proves the audit log whole: events by their entries, leaves by tree and signatures, today's books by what was sealed of them. Keys
 * come from the token. Run it in a REPEATABLE READ transaction.
 */
export async function proveLog(
  reader: Reader,
  keys: audit.KeyHolder,
  { outside = [], lostKnown = [] }: Pick<audit.LogTrust, 'outside' | 'lostKnown'> = {},
): Promise<LogCheck[]> {
  const events = await audit.verify(reader)
  const origin = (await audit.keptCheckpoint(reader))?.origin ?? outside[0]?.origin
  const log = await audit.verifyLog(reader, {
    keys: origin ? await audit.ownKeys(keys, origin) : [],
    outside,
    lostKnown,
  })
  const books = await verifySealedBooks(reader)
  return [
    { name: `${events.count} events as they were written`, ...verdictOf(events) },
    {
      name: `${log.size} leaves under ${log.checkpoints} signed checkpoint${log.checkpoints === 1 ? '' : 's'}`,
      ...verdictOf(log),
    },
    { name: `${books.batches} batches of the ledger as they were sealed`, ...verdictOf(books) },
  ]
}

function verdictOf({ ok, firstBad }: { ok: boolean; firstBad?: string }) {
  return { ok, ...(firstBad === undefined ? {} : { firstBad }) }
}
