import type { Tx } from '#base'
import type { Code } from './catalogue.ts'
import type { AuditEvent } from './event.ts'
import { changed, type RecordingCommand, record } from './record.ts'

/**
 * Writes down that something is otherwise than when it was last written down: a configuration, the rules of the licence, the
 * library of games. Nothing when it is the same. Two who notice at once write it down once.
 */
export async function recordState(
  tx: Tx,
  command: RecordingCommand,
  { action, subject, state }: { action: Code; subject: string; state: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  await tx`select pg_advisory_xact_lock(hashtext(${`${action} ${subject}`}))`
  const [last] = await tx<Array<{ entry: string }>>`
    select entry from audit.events where code = ${action} and subject = ${subject} order by id desc limit 1`
  const known = last ? ((JSON.parse(last.entry) as AuditEvent).after ?? {}) : {}
  const { before, after } = changed({ ...known }, { ...known, ...state })
  if (Object.keys(after).length === 0) return false
  // The whole state stands in `after`, so that the next to come finds it in one event.
  await record(tx, command, { action, subject, before, after: { ...known, ...state } })
  return true
}
