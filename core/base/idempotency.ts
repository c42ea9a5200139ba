import { createHash } from 'node:crypto'
import type { Tx } from './command.ts'
import { Refusal } from './refusal.ts'

export type StoredAnswer = { status: number; body: string }

/** Who asks for what with which key; the payload is what must be the same on a repeat. */
export type Claim = { caller: string; operation: string; key: string; payload: unknown }

/**
 * Does the work once per key. The first call stores its answer in the same transaction as the work; a repeat with the
 * same payload gets that answer byte for byte; a repeat with another payload is refused. A refusal rolls back and
 * leaves no trace, so the key may be used again once the reason is gone.
 *
 * @throws Refusal `base.key_reused` when the key was used with another payload
 */
export async function once(
  tx: Tx,
  claim: Claim,
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer & { replayed: boolean }> {
  const hash = createHash('sha256').update(canonical(claim.payload)).digest()
  const claimed = await tx`
    insert into base.idempotency (caller, operation, key, payload_hash)
    values (${claim.caller}, ${claim.operation}, ${claim.key}, ${hash})
    on conflict do nothing`
  if (claimed.count === 0) return { ...(await storedAnswer(tx, claim, hash)), replayed: true }
  const answer = await work()
  await tx`
    update base.idempotency set status = ${answer.status}, body = ${answer.body}
    where caller = ${claim.caller} and operation = ${claim.operation} and key = ${claim.key}`
  return { ...answer, replayed: false }
}

async function storedAnswer(tx: Tx, claim: Claim, hash: Buffer): Promise<StoredAnswer> {
  const [row] = await tx<Array<{ payload_hash: Buffer; status: number; body: string }>>`
    select payload_hash, status, body from base.idempotency
    where caller = ${claim.caller} and operation = ${claim.operation} and key = ${claim.key}`
  if (!row?.payload_hash.equals(hash))
    throw new Refusal('conflict', 'base.key_reused', 'This idempotency key was used for another request.')
  return { status: row.status, body: row.body }
}

/**
 * JSON with sorted keys, so that two spellings of one payload hash alike. A `bigint` stands as its decimal text. Each bet
 * and transfer is written this way once, so it goes straight to text.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `"${value}"`
  if (Array.isArray(value)) return `[${value.map((part) => canonical(part ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if ('toJSON' in value) return canonical((value as { toJSON(): unknown }).toJSON())
  const parts = value as Record<string, unknown>
  let text = ''
  for (const name of Object.keys(parts).sort())
    if (parts[name] !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonical(parts[name])}`
  return `{${text}}`
}
