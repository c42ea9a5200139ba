import type { Tx } from './command.ts'
import { newId } from './ids.ts'

/** News a low room tells whoever is above; the payload holds ids and amounts, never personal data. */
export type Event = { readonly name: string; readonly subject: string; readonly payload: Record<string, unknown> }

/** Tells news in the caller's transaction: it is heard if and only if the transaction commits. */
export async function emit(tx: Tx, event: Event): Promise<void> {
  await tx`
    insert into base.events (id, name, subject, payload)
    values (${newId('evt')}, ${event.name}, ${event.subject}, ${tx.json(event.payload as never)})`
}

/**
 * Takes up to `count` unheard events, oldest first, and marks them heard in the same transaction; two listeners
 * never take the same one.
 */
export async function hear(tx: Tx, count: number): Promise<Array<Event & { id: string }>> {
  return await tx`
    update base.events set heard_at = now()
    where id in (select id from base.events where heard_at is null order by id limit ${count} for update skip locked)
    returning id, name, subject, payload`
}
