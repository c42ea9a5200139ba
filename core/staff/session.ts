import * as audit from '#audit'
import { type Command, newId, type Reader, type Refusal, type Tx } from '#base'
import { digestOf, hashPassword, isOutdated, type KeyedCommand, keyIdOf, newSecret, verifyPassword } from '#keys'
import { notPermitted, signInRefused, tooManyFailures } from './errors.ts'
import { permissionsOf, rolesOf } from './grant.ts'
import {
  failuresMax,
  failureWindowSeconds,
  type Permission,
  sessionIdleSecondsMax,
  sessionSecondsMax,
} from './policy.ts'

/** `permissions` and `roles` are of the moment of asking; `used` fills with what `permit` was asked for. */
export type StaffSession = {
  id: string
  sessionId: string
  name: string
  roles: readonly string[]
  permissions: readonly Permission[]
  used: Set<Permission>
}

/**
 * Signs a member of staff in. Answers a refusal instead of throwing it, because a failed attempt is remembered: the
 * transaction must commit either way. Known and unknown names take the same time and get the same words.
 */
export async function signIn(
  tx: Tx,
  command: KeyedCommand,
  input: { login: string; password: string },
): Promise<{ secret: string; name: string; roles: string[] } | { refusal: Refusal }> {
  const login = input.login.toLowerCase()
  const since = new Date(command.now.getTime() - failureWindowSeconds * 1000)
  const [failed] = await tx<Array<{ count: number }>>`
    select count(*)::int as count from staff.failures where subject = ${login} and at > ${since}`
  if ((failed?.count ?? 0) >= failuresMax) {
    await audit.record(tx, command, {
      action: 'staff.sign_in_refused',
      subject: 'unknown',
      detail: { cause: 'locked' },
    })
    return { refusal: tooManyFailures() }
  }

  const [member] = await tx<Array<{ staff: string; password_hash: string }>>`
    select staff, password_hash from staff.members where login = ${login} and disabled_at is null`
  if (!(await verifyPassword(command.keys, input.password, member?.password_hash)) || !member) {
    await tx`insert into staff.failures (subject, at) values (${login}, ${command.now})`
    await audit.record(tx, command, {
      action: 'staff.sign_in_refused',
      subject: member?.staff ?? 'unknown',
      detail: { cause: 'name or password wrong' },
    })
    return { refusal: signInRefused() }
  }
  if (await isOutdated(command.keys, member.password_hash)) {
    const hash = await hashPassword(command.keys, input.password)
    await tx`update staff.members set password_hash = ${hash} where staff = ${member.staff}`
  }
  const { secret, digest } = newSecret()
  const sessionId = newId('sts', command.now.getTime())
  const ends = new Date(command.now.getTime() + sessionSecondsMax * 1000)
  await tx`
    insert into staff.sessions (session, digest, staff, begun_at, seen_at, ends_at)
    values (${sessionId}, ${digest}, ${member.staff}, ${command.now}, ${command.now}, ${ends})`
  await audit.record(
    tx,
    { ...command, actor: { ...command.actor, kind: 'staff', id: member.staff } },
    { action: 'staff.signed_in', subject: member.staff },
  )
  return { secret, name: login, roles: await rolesOf(tx, member.staff, command.now) }
}

/** The signed-in member of staff a secret belongs to; idle and ended sessions belong to nobody. */
export async function find(reader: Reader, secret: string, now: Date): Promise<StaffSession | undefined> {
  const idleSince = new Date(now.getTime() - sessionIdleSecondsMax * 1000)
  const [row] = await reader<Array<{ id: string; sessionId: string; name: string; seen_at: Date }>>`
    select m.staff as id, s.session as "sessionId", m.login as name, s.seen_at
    from staff.sessions s join staff.members m on m.staff = s.staff
    where s.digest = ${digestOf(secret)} and s.ended_at is null and s.ends_at > ${now} and s.seen_at > ${idleSince} and m.disabled_at is null`
  if (!row) return undefined
  const { seen_at, ...session } = row
  if (now.getTime() - seen_at.getTime() > 30_000)
    await reader`update staff.sessions set seen_at = ${now} where session = ${session.sessionId}`
  const [roles, permissions] = await Promise.all([
    rolesOf(reader, session.id, now),
    permissionsOf(reader, session.id, now),
  ])
  return { ...session, roles, permissions, used: new Set() }
}

export async function signOut(tx: Tx, command: Command, sessionId: string): Promise<void> {
  await tx`update staff.sessions set ended_at = ${command.now} where session = ${sessionId} and ended_at is null`
  await audit.record(tx, command, { action: 'staff.signed_out', subject: command.actor.id })
}

/** How many passwords of staff still need this epoch of the pepper. */
export async function passwordsUnder(reader: Reader, pepper: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from staff.members where password_hash like ${`%,keyid=${keyIdOf(pepper)}$%`}`
  return row?.count ?? 0
}

/** Remembers what was asked for, for the review of access. @throws Refusal `staff.not_permitted` */
export function permit(staff: Pick<StaffSession, 'permissions'> & { used?: Set<Permission> }, permission: Permission) {
  if (!staff.permissions.includes(permission)) throw notPermitted(permission)
  staff.used?.add(permission)
}
