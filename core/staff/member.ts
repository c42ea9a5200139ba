import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import * as factors from '#factors'
import type { KeyedCommand } from '#keys'
import { memberUnknown, signInAgain } from './errors.ts'
import { rolesOf } from './grant.ts'
import { freshSecondsMax } from './policy.ts'
import { keepAnApprover, takeTurn } from './role.ts'

export type Member = { staff: string; name: string; roles: string[] }
export type MemberRow = { staff: string; name: string; enrolledAt: Date; disabledAt: Date | null }

/** A member of staff by their id; undefined when they do not work here any more. */
export async function memberOf(reader: Reader, staff: string, now: Date): Promise<Member | undefined> {
  const [row] = await reader<Array<{ staff: string; name: string }>>`
    select staff, login as name from staff.members where staff = ${staff} and disabled_at is null`
  return row && { ...row, roles: await rolesOf(reader, staff, now) }
}

/** When a sign-in began, which is when its person showed who they are. */
export async function signedInAt(reader: Reader, session: string): Promise<Date | undefined> {
  const [row] = await reader<Array<{ at: Date }>>`select begun_at as at from staff.sessions where session = ${session}`
  return row?.at
}

/**
 * Lets a change of what one signs in with go on when its person showed who they are a moment ago: what somebody adds at a desk
 * that was left open would outlive it [S20].
 *
 * @throws Refusal `staff.sign_in_again`
 */
export async function needsFresh(reader: Reader, { session, now }: { session: string; now: Date }): Promise<void> {
  const at = await signedInAt(reader, session)
  if (!at || now.getTime() - at.getTime() > freshSecondsMax * 1000) throw signInAgain()
}

/** Everybody who works or worked here. */
export async function members(reader: Reader): Promise<MemberRow[]> {
  return await reader<MemberRow[]>`
    select staff, login as name, enrolled_at as "enrolledAt", disabled_at as "disabledAt" from staff.members order by login`
}

/**
 * Shuts somebody out: their sessions are over with it, and whatever they asked for is not done any more. One member may do
 * it, so that it is done at once; letting them back in takes two.
 *
 * @throws Refusal `staff.member_unknown`, `staff.last_approver`
 */
export async function disable(
  tx: Tx,
  command: Command,
  { staff, reason }: { staff: string; reason: string },
): Promise<{ name: string }> {
  await takeTurn(tx)
  const [member] = await tx<Array<{ name: string }>>`
    update staff.members set disabled_at = ${command.now} where staff = ${staff} and disabled_at is null
    returning login as name`
  if (!member) throw memberUnknown()
  await keepAnApprover(tx)
  await tx`update staff.sessions set ended_at = ${command.now} where staff = ${staff} and ended_at is null`
  await audit.record(tx, command, { action: 'staff.disabled', subject: staff, reason })
  return member
}

/** @throws Refusal `staff.member_unknown` */
export async function enable(
  tx: Tx,
  command: Command,
  { staff, proposal }: { staff: string; proposal: string },
): Promise<void> {
  await takeTurn(tx)
  const done = await tx`update staff.members set disabled_at = null where staff = ${staff} and disabled_at is not null`
  if (done.count === 0) throw memberUnknown()
  await audit.record(tx, command, { action: 'staff.enabled', subject: staff, detail: { proposal } })
}

/**
 * Takes all passkeys of a member away, who has lost them: they sign in once by name and password, to make another.
 *
 * @throws Refusal `staff.member_unknown`
 */
export async function resetPasskeys(
  tx: Tx,
  command: KeyedCommand,
  { staff, reason }: { staff: string; reason: string },
): Promise<void> {
  if (!(await memberOf(tx, staff, command.now))) throw memberUnknown()
  await tx`update staff.sessions set ended_at = ${command.now} where staff = ${staff} and ended_at is null`
  await factors.forget(tx, command, { holder: staff, reason })
}
