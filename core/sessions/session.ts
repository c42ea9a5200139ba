import * as audit from '#audit'
import { type Command, newId, type Reader, type Refusal, type Tx } from '#base'
import { digestOf, newSecret } from '#keys'
import * as ledger from '#ledger'
import * as licences from '#licences'
import { type Attempt, renewPassword } from './credential.ts'
import { locked, signInRefused } from './errors.ts'
import { aalOf, type Shown } from './policy.ts'

export type Session = {
  id: string
  playerId: string
  wallet: bigint
  currency: string
  createdAt: Date
  walletVersion: bigint
  /** Of NIST SP 800-63B: two different kinds of factors were shown, or one. */
  aal: 1 | 2
  /** When the player last showed a factor. */
  authenticatedAt: Date
  shown: Shown
}

const touchSeconds = 60
const addressFailuresMax = 30

/**
 * Begins a session for an attempt that was right, in place of the one this browser had. Answers a refusal instead of throwing
 * it, because a failure is remembered [GLI-2.5.3d-1]: the transaction must commit either way. A lock ends by itself; known and
 * unknown addresses lock alike.
 */
export async function begin(
  tx: Tx,
  command: Command,
  tried: Attempt,
  replaced?: Session,
): Promise<{ secret: string; session: Session } | { refusal: Refusal }> {
  const rules = await licences.rules(tx)
  const since = new Date(command.now.getTime() - rules.signInFailureMinutes * 60_000)
  const [account = 0, address = 0] = await Promise.all(
    tried.subjects.map((subject) => failuresSince(tx, subject, since)),
  )
  if (account >= rules.signInFailuresMax || address >= addressFailuresMax) {
    await refused(tx, command, 'locked')
    return { refusal: locked(rules.signInFailureMinutes) }
  }
  if (tried.player === undefined) {
    for (const subject of tried.subjects)
      await tx`insert into sessions.failures (subject, at) values (${subject}, ${command.now})`
    await refused(tx, command, 'address or password wrong')
    return { refusal: signInRefused() }
  }
  const wallet = await ledger.walletOf(tx, tried.player)
  if (!wallet) throw new Error(`player ${tried.player} has no wallet`)
  const { version } = await ledger.balance(tx, wallet.wallet)
  const { secret, digest } = newSecret()
  const session: Session = {
    id: newId('ses', command.now.getTime()),
    playerId: tried.player,
    wallet: wallet.wallet,
    currency: wallet.currency,
    createdAt: command.now,
    walletVersion: version,
    ...assured({ password: command.now }, command.now),
  }
  const ends = new Date(command.now.getTime() + rules.sessionSecondsMax * 1000)
  await tx`
    insert into sessions.sessions
      (session, digest, player, wallet, currency, shown, aal, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    values (${session.id}, ${digest}, ${tried.player}, ${wallet.wallet}, ${wallet.currency}, ${tx.json(written(session.shown))}, ${session.aal},
      ${command.now}, ${command.now}, ${version}, ${command.now}, ${rules.sessionIdleSecondsMax}, ${ends})`
  await tx`delete from sessions.failures where subject = ${tried.subjects[0]!}`
  if (tried.renewed) await renewPassword(tx, { player: tried.player, ...tried.renewed })
  const as = (player: string) => ({ ...command, actor: { ...command.actor, id: player } })
  if (replaced) await end(tx, as(replaced.playerId), replaced.id)
  await audit.record(tx, as(tried.player), { action: 'sessions.begun', subject: tried.player })
  return { secret, session }
}

/** The session a secret belongs to; ended, idle and over ones belong to nobody. Being found counts as being active. */
export async function find(reader: Reader, secret: string, now: Date): Promise<Session | undefined> {
  const [row] = await reader<Array<Omit<Session, 'shown'> & { shown: Record<string, string>; seenAt: Date }>>`
    select session as id, player as "playerId", wallet, currency, begun_at as "createdAt", wallet_version as "walletVersion",
      aal, authenticated_at as "authenticatedAt", shown, seen_at as "seenAt"
    from sessions.sessions
    where digest = ${digestOf(secret)} and ended_at is null and ends_at > ${now}
      and seen_at + make_interval(secs => idle_seconds_max) > ${now}`
  if (!row) return undefined
  const { seenAt, ...session } = row
  if (now.getTime() - seenAt.getTime() > touchSeconds * 1000)
    await reader`update sessions.sessions set seen_at = ${now} where session = ${session.id}`
  return { ...session, shown: read(session.shown) }
}

/**
 * Goes on with a session in which a factor was shown again: under a new id and a new secret, the old ones end at once [S17]. What
 * the player sees of it, and its absolute end, stay.
 */
export async function renew(
  tx: Tx,
  command: Command,
  { session, factor }: { session: Session; factor: keyof Shown },
): Promise<{ secret: string; session: Session } | undefined> {
  const { secret, digest } = newSecret()
  const shown = { ...session.shown, [factor]: command.now }
  const next = { ...session, id: newId('ses', command.now.getTime()), ...assured(shown, command.now) }
  const moved = await tx`
    with old as (
      update sessions.sessions set ended_at = ${command.now} where session = ${session.id} and ended_at is null returning *
    )
    insert into sessions.sessions
      (session, digest, player, wallet, currency, shown, aal, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    select ${next.id}, ${digest}, player, wallet, currency, ${tx.json(written(shown))}, ${next.aal}::smallint, ${command.now}::timestamptz,
      begun_at, wallet_version, ${command.now}::timestamptz, idle_seconds_max, ends_at from old`
  return moved.count === 0 ? undefined : { secret, session: next }
}

export async function end(tx: Tx, command: Command, session: string): Promise<void> {
  await tx`update sessions.sessions set ended_at = ${command.now} where session = ${session} and ended_at is null`
  await audit.record(tx, command, { action: 'sessions.ended', subject: command.actor.id })
}

/** Ends every session of a player, on every node at once: the row is what counts. */
export async function endAll(tx: Tx, command: Command, player: string): Promise<number> {
  const ended =
    await tx`update sessions.sessions set ended_at = ${command.now} where player = ${player} and ended_at is null`
  await audit.record(tx, command, { action: 'sessions.all_ended', subject: player, detail: { count: ended.count } })
  return ended.count
}

/** Who it might have been is not written down: it may not have been them. From where it came is [GLI-2.8.8a]. */
async function refused(tx: Tx, command: Command, cause: string): Promise<void> {
  const nobody = { ...command, actor: { ...command.actor, id: 'anonymous' } }
  await audit.record(tx, nobody, { action: 'sessions.sign_in_refused', subject: 'unknown', detail: { cause } })
}

async function failuresSince(tx: Tx, subject: Buffer, since: Date): Promise<number> {
  const [row] = await tx<Array<{ count: number }>>`
    select count(*)::int as count from sessions.failures where subject = ${subject} and at > ${since}`
  return row?.count ?? 0
}

function assured(shown: Shown, now: Date): Pick<Session, 'aal' | 'authenticatedAt' | 'shown'> {
  return { aal: aalOf(shown), authenticatedAt: now, shown }
}

function written(shown: Shown): Record<string, string> {
  return Object.fromEntries(Object.entries(shown).map(([factor, at]) => [factor, at.toISOString()]))
}

function read(shown: Record<string, string>): Shown {
  return Object.fromEntries(Object.entries(shown).map(([factor, at]) => [factor, new Date(at)]))
}
