import * as audit from '#audit'
import { type Command, newId, type Reader, type Refusal, type Tx } from '#base'
import * as factors from '#factors'
import {
  digestOf,
  hashPassword,
  isOutdated,
  type KeyedCommand,
  type Keys,
  keyIdOf,
  newSecret,
  verifyPassword,
} from '#keys'
import { faultOf, type Shown } from './certificate.ts'
import { notPermitted, passkeyNeeded, signInRefused, tooManyFailures } from './errors.ts'
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
  /** By a passkey. A sign-in without one is good for making one, and for nothing else [S06]. */
  proven: boolean
  /** It began with their certificate, and goes on with nothing less. */
  certified: boolean
  used: Set<Permission>
}
type Begun = { secret: string; staff: string; name: string; roles: string[]; proven: boolean }

/**
 * Signs a member of staff in by their passkey, which names them. Answers a refusal instead of throwing it, because a failed
 * attempt is remembered: the transaction must commit either way.
 */
export async function signIn(
  tx: Tx,
  command: KeyedCommand,
  { rp, response, shown }: { rp: factors.RelyingParty; response: unknown; shown: Shown },
): Promise<Begun | { refusal: Refusal }> {
  const used = await factors.usePasskey(tx, command, { rp, purpose: signInPurpose, response })
  if ('refusal' in used) return used
  const [member] = await tx<Array<{ login: string }>>`
    select login from staff.members where staff = ${used.holder} and disabled_at is null for share`
  if (!member) return refused(tx, command, used.holder, 'disabled')
  const fault = faultOf(member.login, shown)
  if (fault) return refused(tx, command, used.holder, 'without their own certificate', fault)
  return begin(tx, command, { staff: used.holder, name: member.login, factor: used.factor, shown })
}

/** What a browser needs for it; whose passkey it is, the passkey says. */
export async function signInChallenge(tx: Tx, command: KeyedCommand, rp: factors.RelyingParty) {
  return factors.passkeyChallenge(tx, command, { rp, purpose: signInPurpose })
}

const signInPurpose = 'staff.sign_in'

/** What a name and a password came to. `renewed`: the same password under today's cost and pepper. */
export type StaffAttempt = { login: string; right: boolean; renewed?: string }

/** Looks at a name and a password, outside any transaction because it is slow on purpose; as long for a name that is nobody's. */
export async function attempt(
  reader: Reader,
  keys: Keys,
  input: { login: string; password: string },
): Promise<StaffAttempt> {
  const login = input.login.toLowerCase()
  const [member] = await reader<Array<{ hash: string }>>`
    select password_hash as hash from staff.members where login = ${login} and disabled_at is null`
  const right = await verifyPassword(keys, input.password, member?.hash)
  const outdated = right && member !== undefined && (await isOutdated(keys, member.hash))
  return { login, right, ...(outdated ? { renewed: await hashPassword(keys, input.password) } : {}) }
}

/**
 * Signs in, by an attempt that was right, somebody who has no passkey yet, to make one. Known and unknown names get the same
 * words; attempts on one name are judged one after the other. Answers a refusal as `signIn` does.
 */
export async function signInOnce(
  tx: Tx,
  command: KeyedCommand,
  { login, right, renewed, shown }: StaffAttempt & { shown: Shown },
): Promise<Begun | { refusal: Refusal }> {
  const fault = faultOf(login, shown) // alike for every name that is not the certificate's
  if (fault) return refused(tx, command, 'unknown', 'without their own certificate', fault)
  await tx`select pg_advisory_xact_lock(hashtext(${`staff ${login}`}))`
  const since = new Date(command.now.getTime() - failureWindowSeconds * 1000)
  const [failed] = await tx<Array<{ count: number }>>`
    select count(*)::int as count from staff.failures where subject = ${login} and at > ${since}`
  if ((failed?.count ?? 0) >= failuresMax) {
    await refused(tx, command, 'unknown', 'locked')
    return { refusal: tooManyFailures() }
  }
  const [member] = await tx<Array<{ staff: string }>>`
    select staff from staff.members where login = ${login} and disabled_at is null for share`
  if (!right || !member) {
    await tx`insert into staff.failures (subject, at) values (${login}, ${command.now})`
    return refused(tx, command, member?.staff ?? 'unknown', 'name or password wrong')
  }
  if ((await factors.standing(tx, member.staff)).passkeys > 0) {
    await refused(tx, command, member.staff, 'without their passkey')
    return { refusal: passkeyNeeded() }
  }
  if (renewed) await tx`update staff.members set password_hash = ${renewed} where staff = ${member.staff}`
  return begin(tx, command, { staff: member.staff, name: login, factor: null, shown })
}

async function begin(
  tx: Tx,
  command: KeyedCommand,
  { staff, name, factor, shown }: { staff: string; name: string; factor: string | null; shown: Shown },
): Promise<Begun> {
  const { secret, digest } = newSecret()
  const sessionId = newId('sts', command.now.getTime())
  const ends = new Date(command.now.getTime() + sessionSecondsMax * 1000)
  await tx`
    insert into staff.sessions (session, digest, staff, begun_at, seen_at, ends_at, factor, certified, from_address)
    values (${sessionId}, ${digest}, ${staff}, ${command.now}, ${command.now}, ${ends}, ${factor},
      ${shown.person !== undefined}, ${command.actor.address ?? null})`
  const by = { ...command, actor: { ...command.actor, kind: 'staff' as const, id: staff } }
  await audit.record(tx, by, { action: 'staff.signed_in', subject: staff, detail: { factor } })
  return { secret, staff, name, roles: await rolesOf(tx, staff, command.now), proven: factor !== null }
}

async function refused(
  tx: Tx,
  command: Command,
  subject: string,
  cause: string,
  refusal: Refusal = signInRefused(),
): Promise<{ refusal: Refusal }> {
  await audit.record(tx, command, { action: 'staff.sign_in_refused', subject, detail: { cause } })
  return { refusal }
}

/** The signed-in member of staff a secret belongs to; idle and ended sessions belong to nobody. */
export async function find(reader: Reader, secret: string, now: Date): Promise<StaffSession | undefined> {
  const idleSince = new Date(now.getTime() - sessionIdleSecondsMax * 1000)
  const [row] = await reader<
    Array<{ id: string; sessionId: string; name: string; proven: boolean; certified: boolean; seen_at: Date }>
  >`
    select m.staff as id, s.session as "sessionId", m.login as name, s.factor is not null as proven, s.certified, s.seen_at
    from staff.sessions s join staff.members m on m.staff = s.staff
    where s.digest = ${digestOf(secret)} and s.ended_at is null and s.ends_at > ${now} and s.seen_at > ${idleSince} and m.disabled_at is null`
  if (!row) return undefined
  const { seen_at, ...session } = row
  if (now.getTime() - seen_at.getTime() > 30_000)
    await reader`update staff.sessions set seen_at = ${now} where session = ${session.sessionId}`
  const [roles, permissions] = await Promise.all([
    rolesOf(reader, session.id, now),
    session.proven ? permissionsOf(reader, session.id, now) : [],
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
