import type { Reader } from '#base'
import { rolesOf } from './grant.ts'

export type Member = { staff: string; name: string; roles: string[] }

/** A member of staff by their id, with the roles of that instant; undefined when they do not work here any more. */
export async function memberOf(reader: Reader, staff: string, now: Date): Promise<Member | undefined> {
  const [row] = await reader<Array<Omit<Member, 'roles'>>>`
    select staff, login as name from staff.members where staff = ${staff} and disabled_at is null`
  return row && { ...row, roles: await rolesOf(reader, staff, now) }
}

/** When a sign-in began, which is when its person showed who they are. */
export async function signedInAt(reader: Reader, session: string): Promise<Date | undefined> {
  const [row] = await reader<Array<{ at: Date }>>`select begun_at as at from staff.sessions where session = ${session}`
  return row?.at
}
