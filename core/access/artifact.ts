import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { digestOf } from '#keys'

/** What the protocol keeps between two requests: a code, a token, a grant, a pushed request, a use of a one-time value. */
export type Artifact = { kind: string; id: string }
type Payload = Record<string, unknown>

/** Keeps it until it ends, or again as it is now. What its holder shows is kept as a digest only. */
export async function keep(
  tx: Tx,
  { kind, id, payload, expiresAt }: Artifact & { payload: Payload; expiresAt: Date },
): Promise<void> {
  const { jti: _, ...rest } = payload
  await tx`
    insert into access.artifacts (kind, digest, payload, client, grant_id, uid, account, expires_at)
    values (${kind}, ${digestOf(id)}, ${JSON.stringify(rest)}, ${textOf(rest.clientId)}, ${textOf(kind === 'Grant' ? id : rest.grantId)},
      ${textOf(kind === 'Session' ? rest.uid : undefined)}, ${textOf(rest.accountId)}, ${expiresAt})
    on conflict (kind, digest) do update
      set payload = excluded.payload, account = excluded.account, expires_at = excluded.expires_at`
}

/** Is this the first use of a value that may be used once? Of many at one time one is told so. */
export async function useOnce(tx: Tx, { kind, id, expiresAt }: Artifact & { expiresAt: Date }): Promise<boolean> {
  const made = await tx`
    insert into access.artifacts (kind, digest, payload, expires_at)
    values (${kind}, ${digestOf(id)}, '{}', ${expiresAt}) on conflict do nothing`
  return made.count === 1
}

export async function find(reader: Reader, { kind, id }: Artifact, now: Date): Promise<Payload | undefined> {
  const [row] = await reader<Row[]>`
    select payload, consumed_at from access.artifacts
    where kind = ${kind} and digest = ${digestOf(id)} and expires_at > ${now}`
  return row && { ...shownOf(row), jti: id }
}

/** A sign-on by the name its tokens have for it. */
export async function findSignOn(reader: Reader, uid: string, now: Date): Promise<Payload | undefined> {
  const [row] = await reader<Row[]>`
    select payload, consumed_at from access.artifacts where uid = ${uid} and expires_at > ${now}`
  return row && shownOf(row)
}

/**
 * Uses up a code, a refresh token or a pushed request. Of many at one time one succeeds; whoever comes second ends the whole
 * family, since one of the two stole it (RFC 9700, 4.14). Answers whether it was the first.
 */
export async function consume(tx: Tx, command: Command, { kind, id }: Artifact): Promise<boolean> {
  const used = await tx`
    update access.artifacts set consumed_at = ${command.now}
    where kind = ${kind} and digest = ${digestOf(id)} and consumed_at is null`
  if (used.count === 1) return true
  const [row] = await tx<Array<{ grant: string | null }>>`
    select grant_id as grant from access.artifacts where kind = ${kind} and digest = ${digestOf(id)}`
  if (row?.grant) await revokeGrant(tx, command, row.grant)
  return false
}

export async function destroy(tx: Tx, { kind, id }: Artifact): Promise<void> {
  await tx`delete from access.artifacts where kind = ${kind} and digest = ${digestOf(id)}`
}

/** Ends a family: the grant, and every code and token of it, used or not. */
export async function revokeGrant(tx: Tx, command: Command, grant: string): Promise<void> {
  const ended = await tx<Array<{ client: string | null }>>`
    delete from access.artifacts where grant_id = ${grant} returning client`
  if (ended.length === 0) return
  await audit.record(tx, command, {
    action: 'access.grant_revoked',
    subject: ended.find(({ client }) => client !== null)?.client ?? 'unknown',
    detail: { ended: ended.length },
  })
}

/** Ends every sign-on of a member of staff, in whichever app. */
export async function endAccount(tx: Tx, account: string): Promise<void> {
  await tx`
    delete from access.artifacts where account = ${account}
      or grant_id in (select grant_id from access.artifacts where account = ${account} and grant_id is not null)`
}

/** Removes what has ended, some at a time. Answers how many. */
export async function sweep(tx: Tx, { now, limit }: { now: Date; limit: number }): Promise<number> {
  const gone = await tx`
    delete from access.artifacts where (kind, digest) in
      (select kind, digest from access.artifacts where expires_at < ${now} order by expires_at limit ${limit} for update skip locked)`
  return gone.count
}

type Row = { payload: string; consumed_at: Date | null }

function shownOf({ payload, consumed_at }: Row): Payload {
  const kept = JSON.parse(payload) as Payload
  return consumed_at ? { ...kept, consumed: Math.floor(consumed_at.getTime() / 1000) } : kept
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
