import * as audit from '#audit'
import { type Command, newId, type Reader, type Tx, textArray } from '#base'
import { digestOf, type KeyedCommand, newSecret } from '#keys'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as messages from '#messages'
import { type Origin, sealOrigin } from './origin.ts'
import { aalOf, type Shown } from './policy.ts'

export type Session = {
  id: string
  /** The sign-in it came from, which a step-up goes on with. */
  signIn: string
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
  /** When the player last did something with it, to the minute. */
  seenAt: Date
}

const touchSeconds = 60

/** Opens a session of a new sign-in. The caller has made sure that it may. */
export async function open(
  tx: Tx,
  command: KeyedCommand,
  { player, shown, origin, device }: { player: string; shown: Shown; origin: Origin; device: string },
): Promise<{ secret: string; session: Session }> {
  const rules = await licences.rules(tx)
  const wallet = await ledger.walletOf(tx, player)
  if (!wallet) throw new Error(`player ${player} has no wallet`)
  const { version } = await ledger.balance(tx, wallet.wallet)
  const { secret, digest } = newSecret()
  const session: Session = {
    id: newId('ses', command.now.getTime()),
    signIn: newId('sgn', command.now.getTime()),
    playerId: player,
    wallet: wallet.wallet,
    currency: wallet.currency,
    createdAt: command.now,
    walletVersion: version,
    seenAt: command.now,
    ...assured(shown, command.now),
  }
  const sealed = await sealOrigin(tx, command, { signIn: session.signIn, player }, origin)
  await tx`
    insert into sessions.sign_ins (sign_in, player, device, origin, at) values (${session.signIn}, ${player}, ${device}, ${sealed}, ${command.now})`
  const ends = new Date(command.now.getTime() + rules.sessionSecondsMax * 1000)
  await tx`
    insert into sessions.sessions
      (session, sign_in, digest, player, wallet, currency, shown, aal, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    values (${session.id}, ${session.signIn}, ${digest}, ${player}, ${wallet.wallet}, ${wallet.currency}, ${tx.json(written(session.shown))}, ${session.aal},
      ${command.now}, ${command.now}, ${version}, ${command.now}, ${rules.sessionIdleSecondsMax}, ${ends})`
  return { secret, session }
}

/** The session a secret belongs to; ended, idle and over ones belong to nobody. Being found is no activity. */
export async function find(reader: Reader, secret: string, now: Date): Promise<Session | undefined> {
  const [row] = await reader<Array<Omit<Session, 'shown'> & { shown: Record<string, string> }>>`
    select session as id, sign_in as "signIn", player as "playerId", wallet, currency, begun_at as "createdAt", wallet_version as "walletVersion",
      aal, authenticated_at as "authenticatedAt", shown, seen_at as "seenAt"
    from sessions.sessions
    where digest = ${digestOf(secret)} and ended_at is null and ends_at > ${now}
      and seen_at + make_interval(secs => idle_seconds_max) > ${now}`
  return row && { ...row, shown: read(row.shown) }
}

/** The player does something with a session that was found: it is idle from now on. Written once a minute, however much they do. */
export async function touch(reader: Reader, session: Session, now: Date): Promise<Session> {
  if (!isTouchDue(session, now)) return session
  await reader`update sessions.sessions set seen_at = greatest(seen_at, ${now}) where session = ${session.id}`
  return { ...session, seenAt: now }
}

/** Is it long enough ago that the player was seen to write it down anew? */
export function isTouchDue({ seenAt }: Pick<Session, 'seenAt'>, now: Date): boolean {
  return now.getTime() - seenAt.getTime() > touchSeconds * 1000
}

/** Which of these sessions are alive; asking is no activity. */
export async function alive(reader: Reader, sessions: readonly string[], now: Date): Promise<Set<string>> {
  const rows = await reader<Array<{ session: string }>>`
    select session from sessions.live(${textArray(sessions)}::text[], ${now}) as l (session)`
  return new Set(rows.map(({ session }) => session))
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
  const id = newId('ses', command.now.getTime())
  const next = { ...session, id, seenAt: command.now, ...assured(shown, command.now) }
  const moved = await tx`
    with old as (
      update sessions.sessions set ended_at = ${command.now} where session = ${session.id} and ended_at is null returning *
    )
    insert into sessions.sessions
      (session, sign_in, digest, player, wallet, currency, shown, aal, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    select ${next.id}, sign_in, ${digest}, player, wallet, currency, ${tx.json(written(shown))}, ${next.aal}::smallint, ${command.now}::timestamptz,
      begun_at, wallet_version, ${command.now}::timestamptz, idle_seconds_max, ends_at from old`
  return moved.count === 0 ? undefined : { secret, session: next }
}

export async function end(tx: Tx, command: Command, session: string): Promise<void> {
  await tx`update sessions.sessions set ended_at = ${command.now} where session = ${session} and ended_at is null`
  await audit.record(tx, command, { action: 'sessions.ended', subject: command.actor.id })
}

/**
 * Ends every session of a player but the one given, on every node at once: the row is what counts. Devices but its own are to prove
 * themselves again.
 */
export async function endAll(tx: Tx, command: Command, player: string, except = ''): Promise<number> {
  await tx`
    delete from sessions.devices where player = ${player} and device is distinct from (
      select device from sessions.sessions join sessions.sign_ins using (sign_in) where session = ${except})`
  const ended = await tx`
    update sessions.sessions set ended_at = ${command.now}
    where player = ${player} and ended_at is null and session <> ${except}`
  await audit.record(tx, command, { action: 'sessions.all_ended', subject: player, detail: { count: ended.count } })
  return ended.count
}

/** Every session of a player, by themselves; they hear of it, for it may be somebody else in their place. */
export async function signOutEverywhere(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  await endAll(tx, command, player)
  await messages.tell(tx, command, { to: player, template: 'signed_out_everywhere', values: {} })
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
