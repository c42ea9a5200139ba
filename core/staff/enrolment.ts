import * as audit from '#audit'
import { type Command, newId, type Reader, type Tx } from '#base'
import { digestOf, hashPassword, type KeyedCommand, newSecret } from '#keys'
import { enrolmentUnknown, loginTaken, passwordTooShort } from './errors.ts'
import { enrolmentSecondsMax, passwordLengthMin } from './policy.ts'
import { roleOf } from './role.ts'

/** Makes a one-time link's secret for a new member of staff; it is shown once and kept only as a digest. @throws Refusal `staff.role_unknown` */
export async function enrolmentLink(tx: Tx, command: Command, { role }: { role: string }): Promise<{ secret: string }> {
  await roleOf(tx, role)
  const { secret, digest } = newSecret()
  const expires = new Date(command.now.getTime() + enrolmentSecondsMax * 1000)
  await tx`
    insert into staff.enrolments (digest, role, made_by, expires_at) values (${digest}, ${role}, ${command.actor.id}, ${expires})`
  await audit.record(tx, command, { action: 'staff.enrolment_offered', subject: role })
  return { secret }
}

/** Uses a link up. @throws Refusal `staff.enrolment_unknown`, `staff.login_taken`, `staff.password_too_short` */
export async function enrol(
  tx: Tx,
  command: KeyedCommand,
  input: { secret: string; login: string; password: string },
): Promise<{ staff: string; role: string }> {
  if ([...input.password].length < passwordLengthMin) throw passwordTooShort(passwordLengthMin)
  const [offer] = await tx<Array<{ role: string; made_by: string }>>`
    update staff.enrolments set used_at = ${command.now}
    where digest = ${digestOf(input.secret)} and used_at is null and expires_at > ${command.now} returning role, made_by`
  if (!offer) throw enrolmentUnknown()
  const id = newId('stf', command.now.getTime())
  const hash = await hashPassword(command.keys, input.password)
  const made = await tx`
    insert into staff.members (staff, login, password_hash, enrolled_at)
    values (${id}, ${input.login.toLowerCase()}, ${hash}, ${command.now})
    on conflict (login) do nothing`
  if (made.count === 0) throw loginTaken()
  await tx`
    insert into staff.grants (staff, role, granted_at, granted_by) values (${id}, ${offer.role}, ${command.now}, ${offer.made_by})`
  await audit.record(
    tx,
    { ...command, actor: { ...command.actor, kind: 'staff', id } },
    { action: 'staff.enrolled', subject: id, detail: { role: offer.role } },
  )
  return { staff: id, role: offer.role }
}

/** Is there anybody who could sign in? */
export async function hasMembers(reader: Reader): Promise<boolean> {
  const [row] = await reader<
    Array<{ any: boolean }>
  >`select exists (select from staff.members where disabled_at is null) as any`
  return row?.any === true
}
