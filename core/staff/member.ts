import type { Reader } from '#base'
import { rolesOf } from './grant.ts'

export type Member = { staff: string; name: string; roles: string[] }

/** A member of staff by their id, with the roles of that instant; undefined when they do not work here any more. */
export async function memberOf(reader: Reader, staff: string, now: Date): Promise<Member | undefined> {
  const [row] = await reader<Array<Omit<Member, 'roles'>>>`
    select staff, login as name from staff.members where staff = ${staff} and disabled_at is null`
  return row && { ...row, roles: await rolesOf(reader, staff, now) }
}
