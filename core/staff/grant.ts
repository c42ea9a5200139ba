import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { grantAbsent, grantStands, memberUnknown } from './errors.ts'
import { isPermission, type Permission } from './policy.ts'
import { keepAnApprover, roleOf, takeTurn } from './role.ts'

export type Grant = { staff: string; role: string; grantedAt: Date; grantedBy: string; until: Date | null }

/** What somebody may do at an instant, as all roles of theirs say together; nothing when they are disabled. Asked for each request. */
export async function permissionsOf(reader: Reader, staff: string, now: Date): Promise<Permission[]> {
  const rows = await reader<Array<{ permission: string }>>`
    select distinct unnest(r.permissions) as permission from staff.grants g join staff.roles r using (role) join staff.members m using (staff)
    where g.staff = ${staff} and m.disabled_at is null and ${inForce(reader, now)}`
  return rows.map(({ permission }) => permission).filter(isPermission)
}

export async function rolesOf(reader: Reader, staff: string, now: Date): Promise<string[]> {
  const rows = await reader<Array<{ role: string }>>`
    select distinct role from staff.grants g where staff = ${staff} and ${inForce(reader, now)} order by role`
  return rows.map(({ role }) => role)
}

/** The grants in force, of everybody. */
export async function grants(reader: Reader, now: Date): Promise<Grant[]> {
  return await reader<Grant[]>`
    select g.staff, g.role, g.granted_at as "grantedAt", g.granted_by as "grantedBy", g.until
    from staff.grants g where ${inForce(reader, now)} order by g.staff, g.role, g.until nulls first`
}

/**
 * Gives somebody a role, for good or for some minutes; it holds from their next request on.
 *
 * @throws Refusal `staff.member_unknown`, `staff.role_unknown`, `staff.grant_stands`
 */
export async function grant(
  tx: Tx,
  command: Command,
  input: { staff: string; role: string; minutes?: number | undefined; proposal?: string | undefined },
): Promise<void> {
  await takeTurn(tx)
  await knownMember(tx, input.staff)
  await roleOf(tx, input.role)
  const until = input.minutes === undefined ? null : new Date(command.now.getTime() + input.minutes * 60_000)
  const made = await tx`
    insert into staff.grants (staff, role, granted_at, granted_by, until, proposal)
    values (${input.staff}, ${input.role}, ${command.now}, ${command.actor.id}, ${until}, ${input.proposal ?? null})
    on conflict (staff, role) where ended_at is null and until is null do nothing`
  if (made.count === 0) throw grantStands()
  await audit.record(tx, command, {
    action: 'staff.role_granted',
    subject: input.staff,
    detail: { role: input.role, until, proposal: input.proposal },
  })
}

/**
 * Takes a role away, with all grants of it.
 *
 * @throws Refusal `staff.member_unknown`, `staff.grant_absent`, `staff.last_approver`
 */
export async function revoke(
  tx: Tx,
  command: Command,
  input: { staff: string; role: string; proposal?: string | undefined },
): Promise<void> {
  await takeTurn(tx)
  await knownMember(tx, input.staff)
  const ended = await tx`
    update staff.grants g set ended_at = ${command.now}, ended_by = ${command.actor.id}
    where staff = ${input.staff} and role = ${input.role} and ${inForce(tx, command.now)}`
  if (ended.count === 0) throw grantAbsent()
  await keepAnApprover(tx)
  await audit.record(tx, command, {
    action: 'staff.role_revoked',
    subject: input.staff,
    detail: { role: input.role, proposal: input.proposal },
  })
}

async function knownMember(reader: Reader, staff: string): Promise<void> {
  const [row] = await reader`select from staff.members where staff = ${staff}`
  if (!row) throw memberUnknown()
}

function inForce(reader: Reader, now: Date) {
  return reader`g.ended_at is null and (g.until is null or g.until > ${now})`
}
