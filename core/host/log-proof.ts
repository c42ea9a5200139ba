import * as audit from '#audit'
import { type Reader, systemCommand } from '#base'
import { type Host, transact } from './host.ts'
import { verifySealedBooks } from './sealed-books.ts'

type Teller = Pick<Host, 'sql' | 'now'>

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
  const known = [...new Set([...(await audit.explainedLosses(reader)), ...lostKnown])]
  const log = await audit.verifyLog(reader, {
    keys: origin ? await audit.ownKeys(keys, origin) : [],
    outside,
    lostKnown: known,
  })
  const books = await verifySealedBooks(reader)
  return [
    { name: `${events.count} events as they were written`, ...verdictOf(events) },
    {
      name: `${log.size} leaves under ${log.checkpoints} signed checkpoint${log.checkpoints === 1 ? '' : 's'}${known.length > 0 ? ` (${known.length} known to be lost)` : ''}`,
      ...verdictOf(log),
    },
    { name: `${books.batches} batches of the ledger as they were sealed`, ...verdictOf(books) },
  ]
}

/**
 * Keeps how the log stands by a proof of the whole; one that does not hold is told as a fault of the log. Where it held beside lost
 * events that somebody answers for, they are known from then on.
 */
export async function keepLogProof(
  host: Teller,
  by: string,
  checks: readonly LogCheck[],
  lost?: { leaves: readonly number[]; by: string },
): Promise<void> {
  const bad = checks.find(({ ok }) => !ok)
  if (bad) return tellFault(host, { by, subject: 'log', firstBad: bad.firstBad ?? bad.name })
  const command = systemCommand(by, host.now())
  await transact(host, async (tx) => {
    if (lost) await audit.explainLosses(tx, command, lost.leaves, lost.by)
    await audit.keepVerdict(tx, { at: command.now, by, subject: 'log', firstBad: null })
  })
}

/**
 * A fault of the log is a significant event at once, in a transaction of its own, so that it stands whatever becomes of the work in which
 * it was found; told again and again it is one event. Metric, `status` and `doctor` say so from then on, until a proof of the whole holds.
 */
export async function tellFault(
  host: Teller,
  fault: Omit<audit.LogFinding, 'at'> & { firstBad: string },
): Promise<void> {
  const { by, subject, firstBad } = fault
  const at = host.now()
  await transact(host, async (tx) => {
    if (await audit.keepVerdict(tx, { ...fault, at }))
      await audit.record(tx, systemCommand(by, at), { action: 'audit.proof_failed', subject, detail: { firstBad } })
  })
}

function verdictOf({ ok, firstBad }: { ok: boolean; firstBad?: string }) {
  return { ok, ...(firstBad === undefined ? {} : { firstBad }) }
}
