import { type Command, canonical, type Reader, type Tx } from '#base'

/** An entry to be made: a stable action, what it was done to, why. Ids only, never personal data. */
export type Entry = { action: string; subject: string; reason?: string; detail?: Record<string, unknown> }

export type AuditRecord = {
  seq: bigint
  at: Date
  actorKind: string
  actor: string
  address: string
  action: string
  subject: string
  reason: string
  detail: string
  requestId: string
}

/**
 * Writes down who did what, in the caller's transaction: if this fails, so does the action. Call it last, because the
 * head of the log is locked from here to the commit.
 */
export async function record(tx: Tx, command: Command, entry: Entry): Promise<void> {
  const { actor, now, requestId } = command
  await tx`
    select audit.append(${now}, ${actor.kind}, ${actor.id}, ${actor.address ?? ''}, ${entry.action}, ${entry.subject},
      ${entry.reason ?? ''}, ${canonical(entry.detail ?? {})}, ${requestId})`
}

/** Newest first; `before` is the number of the last record seen. */
export async function search(
  reader: Reader,
  wanted: { subject?: string; actor?: string; action?: string; before?: bigint; limit: number },
): Promise<AuditRecord[]> {
  return await reader<AuditRecord[]>`
    select seq, at, actor_kind as "actorKind", actor, address, action, subject, reason, detail, request_id as "requestId"
    from audit.records where true
      ${wanted.subject === undefined ? reader`` : reader`and subject = ${wanted.subject}`}
      ${wanted.actor === undefined ? reader`` : reader`and actor = ${wanted.actor}`}
      ${wanted.action === undefined ? reader`` : reader`and action = ${wanted.action}`}
      ${wanted.before === undefined ? reader`` : reader`and seq < ${wanted.before}`}
    order by seq desc limit ${wanted.limit}`
}
