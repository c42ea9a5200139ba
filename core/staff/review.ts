import { createHash } from 'node:crypto'
import * as audit from '#audit'
import { type Command, canonical, newId, type Reader, type Tx } from '#base'
import { reportChanged } from './errors.ts'
import { grants } from './grant.ts'
import type { Permission } from './policy.ts'
import { roles } from './role.ts'

type Held = { permission: Permission; roles: string[]; usedAt: Date | null }
type Reviewed = {
  staff: string
  name: string
  enrolledAt: Date
  lastSignIn: Date | null
  roles: Array<{ role: string; since: Date; by: string; until: Date | null }>
  held: Held[]
}
export type AccessReview = {
  at: Date
  members: Reviewed[]
  /** The last time somebody looked. */
  last: { by: string; at: Date; finding: string } | null
  /** SHA-256 of who has what, without when it was used: what a reviewer says they looked at. */
  digest: string
}

/** Who may do what, by which role, and when they last did: what to take away is what was never used. */
export async function accessReview(reader: Reader, now: Date): Promise<AccessReview> {
  const [members, standing, permits, uses, [last]] = await Promise.all([
    reader<Array<Pick<Reviewed, 'staff' | 'name' | 'enrolledAt' | 'lastSignIn'>>>`
      select staff, login as name, enrolled_at as "enrolledAt", max(begun_at) as "lastSignIn"
      from staff.members left join staff.sessions using (staff) where disabled_at is null group by staff order by login`,
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
    const own = standing.filter(({ staff }) => staff === member.staff)
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
  const who = reviewed.map(({ staff, held }) => ({ staff, held: held.map(({ permission }) => permission).sort() }))
  const digest = createHash('sha256').update(canonical(who)).digest('hex')
  return { at: now, members: reviewed, last: last ?? null, digest }
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
