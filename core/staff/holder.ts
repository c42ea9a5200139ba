import type { Reader, Tx } from '#base'
import { lastApprover } from './errors.ts'
import type { Permission } from './policy.ts'

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
