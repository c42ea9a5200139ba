import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { lastApprover, permissionUnknown, roleUnknown } from './errors.ts'
import { isPermission, type Permission } from './policy.ts'

export type Role = { role: string; title: string; permissions: Permission[]; changedAt: Date; changedBy: string }

/** Every role, with what it permits. */
export async function roles(reader: Reader): Promise<Role[]> {
  const rows = await reader<Role[]>`
    select role, title, permissions, changed_at as "changedAt", changed_by as "changedBy" from staff.roles order by role`
  return rows.map((row) => ({ ...row, permissions: row.permissions.filter(isPermission) }))
}

/** @throws Refusal `staff.role_unknown` */
export async function roleOf(reader: Reader, name: string): Promise<Role> {
  const found = (await roles(reader)).find(({ role }) => role === name)
  if (!found) throw roleUnknown()
  return found
}

/**
 * Makes a role or changes what it permits; whoever has it may do so from the next request on. Nobody calls this but what two
 * people approved.
 *
 * @throws Refusal `staff.permission_unknown`, `staff.last_approver`
 */
export async function setRole(
  tx: Tx,
  command: Command,
  input: { role: string; title: string; permissions: readonly string[]; proposal: string },
): Promise<void> {
  const wanted = [...new Set(input.permissions)].sort()
  const foreign = wanted.find((word) => !isPermission(word))
  if (foreign !== undefined) throw permissionUnknown(foreign)
  await takeTurn(tx)
  const old = (await roles(tx)).find(({ role }) => role === input.role)
  await tx`
    insert into staff.roles (role, title, permissions, changed_at, changed_by)
    values (${input.role}, ${input.title}, ${wanted}, ${command.now}, ${command.actor.id})
    on conflict (role) do update set
      title = excluded.title, permissions = excluded.permissions, changed_at = excluded.changed_at, changed_by = excluded.changed_by`
  await keepAnApprover(tx)
  await audit.record(tx, command, {
    action: 'staff.role_changed',
    subject: input.role,
    detail: { proposal: input.proposal },
    ...audit.changed(
      { title: old?.title ?? null, permissions: [...(old?.permissions ?? [])].sort() },
      { title: input.title, permissions: wanted },
    ),
  })
}

/** The members who may do something for good and are not disabled. */
export async function holders(reader: Reader, permission: Permission): Promise<string[]> {
  const rows = await reader<Array<{ staff: string }>>`
    select distinct m.staff from staff.members m join staff.grants g using (staff) join staff.roles r using (role)
    where m.disabled_at is null and ${permission} = any (r.permissions) and g.ended_at is null and g.until is null order by m.staff`
  return rows.map(({ staff }) => staff)
}

/** Changes of who may do what take turns. */
export async function takeTurn(tx: Tx): Promise<void> {
  await tx`select from staff.roles order by role for update`
}

/** @throws Refusal `staff.last_approver` when a change leaves nobody who may approve the next one */
export async function keepAnApprover(tx: Tx): Promise<void> {
  if ((await holders(tx, 'roles.approve')).length === 0) throw lastApprover()
}
