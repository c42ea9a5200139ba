import { createHash } from 'node:crypto'
import * as audit from '#audit'
import { type Command, canonical, newId, type Reader, type Tx } from '#base'
import { reportChanged } from './errors.ts'
import { grants } from './grant.ts'
import { type Permission, reviewDaysMax } from './policy.ts'
import { roles } from './role.ts'

type Held = { permission: Permission; roles: string[]; usedAt: Date | null }
type Reviewed = {
  staff: string
  name: string
  enrolledAt: Date
  lastSignIn: Date | null
  /** The network address of it. */
  lastSignInFrom: string | null
  /** Since when they are shut out; they hold nothing. */
  disabledAt: Date | null
  roles: Array<{ role: string; since: Date; by: string; until: Date | null }>
  held: Held[]
}
export type AccessReview = {
  at: Date
  members: Reviewed[]
  /** The last time somebody looked. */
  last: { by: string; at: Date; finding: string } | null
  /** Nobody has looked for too long. */
  due: boolean
  /** SHA-256 of who has what, without when it was used: what a reviewer says they looked at. */
  digest: string
}

/** Who may do what, by which role, and when they last did: what to take away is what was never used. With those who are shut out [GLI-2.8.9]. */
export async function accessReview(reader: Reader, now: Date): Promise<AccessReview> {
  const [members, standing, permits, uses, [last]] = await Promise.all([
    reader<Array<Omit<Reviewed, 'roles' | 'held'>>>`
      select m.staff, login as name, enrolled_at as "enrolledAt", last.begun_at as "lastSignIn",
        last.from_address as "lastSignInFrom", disabled_at as "disabledAt"
      from staff.members m left join lateral (
        select begun_at, from_address from staff.sessions s where s.staff = m.staff order by begun_at desc limit 1) last on true
      order by disabled_at is not null, login`,
    grants(reader, now),
    roles(reader),
    reader<Array<{ staff: string; permission: string; usedAt: Date }>>`
      select staff, permission, used_at as "usedAt" from staff.uses`,
    reader<Array<{ by: string; at: Date; finding: string }>>`
      select login as by, reviewed_at as at, finding from staff.reviews join staff.members on staff = reviewed_by
      order by reviewed_at desc limit 1`,
  ])
  const permitted = new Map(permits.map(({ role, permissions }) => [role, permissions]))
  const used = new Map(uses.map(({ staff, permission, usedAt }) => [`${staff} ${permission}`, usedAt]))
  const reviewed = members.map((member): Reviewed => {
    const own = member.disabledAt ? [] : standing.filter(({ staff }) => staff === member.staff)
    const by = Map.groupBy(
      own.flatMap(({ role }) => (permitted.get(role) ?? []).map((permission) => ({ permission, role }))),
      ({ permission }) => permission,
    )
    const held = [...by].map(([permission, through]) => ({
      permission,
      roles: [...new Set(through.map(({ role }) => role))],
      usedAt: used.get(`${member.staff} ${permission}`) ?? null,
    }))
    const given = own.map(({ role, grantedAt, grantedBy, until }) => ({ role, since: grantedAt, by: grantedBy, until }))
    return { ...member, roles: given, held }
  })
  const inside = reviewed.filter(({ disabledAt }) => disabledAt === null)
  const who = inside.map(({ staff, held }) => ({ staff, held: held.map(({ permission }) => permission).sort() }))
  const digest = createHash('sha256').update(canonical(who)).digest('hex')
  const firstMs = Math.min(...reviewed.map(({ enrolledAt }) => enrolledAt.getTime()), now.getTime())
  const due = now.getTime() - (last?.at.getTime() ?? firstMs) > reviewDaysMax * 86_400_000
  return { at: now, members: reviewed, last: last ?? null, due, digest }
}

/**
 * Somebody looked at who may do what, and says what they found; named by the digest of what they saw.
 *
 * @throws Refusal `staff.report_changed` when it is not so any more
 */
export async function noteReview(
  tx: Tx,
  command: Command,
  { digest, finding }: { digest: string; finding: string },
): Promise<void> {
  if ((await accessReview(tx, command.now)).digest !== digest) throw reportChanged()
  await tx`
    insert into staff.reviews (review, reviewed_by, reviewed_at, digest, finding)
    values (${newId('rev', command.now.getTime())}, ${command.actor.id}, ${command.now}, ${Buffer.from(digest, 'hex')}, ${finding})`
  await audit.record(tx, command, {
    action: 'staff.access_reviewed',
    subject: 'staff',
    reason: finding,
    detail: { digest },
  })
}

/** Notes what a member used their permissions for; to the hour, so that a busy day is not a row written all the time. */
export async function noteUses(reader: Reader, staff: string, used: readonly Permission[], now: Date): Promise<void> {
  if (used.length === 0) return
  const hourAgo = new Date(now.getTime() - 3_600_000)
  await reader`
    insert into staff.uses (staff, permission, used_at)
    select ${staff}, permission, ${now} from unnest(${used as Permission[]}::text[]) as permission
    on conflict (staff, permission) do update set used_at = excluded.used_at where staff.uses.used_at < ${hourAgo}`
}
