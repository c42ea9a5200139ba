import * as audit from '#audit'
import { type Command, isId, newId, type Reader, type Refusal, type Tx } from '#base'
import * as factors from '#factors'
import { digestOf, hashPassword, type KeyedCommand, newSecret } from '#keys'
import { useApproval } from './approval.ts'
import { faultOf, type Shown } from './certificate.ts'
import { openEmergency } from './emergency.ts'
import { enrolmentUnknown, loginTaken, passwordTooShort } from './errors.ts'
import { permissionsOf } from './grant.ts'
import { approversMin, enrolmentSecondsMax, isPrivileged, passwordLengthMin } from './policy.ts'
import type { Acts } from './ports.ts'
import { holders, roleOf, takeTurn } from './role.ts'

/** Makes a one-time link's secret for a new member of staff; it is shown once and kept only as a digest. @throws Refusal `staff.role_unknown` */
export async function enrolmentLink(
  tx: Tx,
  command: Command,
  { role, proposal }: { role: string; proposal?: string | undefined },
): Promise<{ secret: string }> {
  await roleOf(tx, role)
  const { secret, digest } = newSecret()
  const expires = new Date(command.now.getTime() + enrolmentSecondsMax * 1000)
  await tx`
    insert into staff.enrolments (digest, role, made_by, expires_at, proposal)
    values (${digest}, ${role}, ${command.actor.id}, ${expires}, ${proposal ?? null})`
  await audit.record(tx, command, { action: 'staff.enrolment_offered', subject: role })
  return { secret }
}

/**
 * A one-time link for a new member of staff. Whoever holds a privileged role could make the second person up: so from the
 * second of them on, links of theirs that are still open counted, another has to have approved it.
 *
 * @throws Refusal `staff.role_unknown`, `staff.approval_absent`
 */
export async function offerPlace(
  tx: Tx,
  command: Command,
  acts: Acts,
  { role, proposal }: { role: string; proposal?: string | undefined },
): Promise<{ secret: string }> {
  await takeTurn(tx)
  if (isPrivileged((await roleOf(tx, role)).permissions) && (await approverPlaces(tx, command.now)) >= approversMin)
    await useApproval(tx, command, acts, {
      proposal,
      act: 'staff.enrol',
      about: { role },
      proposedBy: command.actor.id,
    })
  return enrolmentLink(tx, command, { role, proposal })
}

/**
 * A link by which an administrator is enrolled, whoever is there already: for when the last one is lost. An emergency, told and
 * reviewed as such (`emergency.ts`); only the owner of the database may do this.
 */
export async function breakGlassForPlace(
  tx: Tx,
  command: Command,
  { reason, custodians = [] }: { reason: string; custodians?: readonly string[] },
): Promise<{ secret: string }> {
  const minutes = enrolmentSecondsMax / 60
  await openEmergency(tx, command, { kind: 'place', staff: null, reason, minutes, custodians })
  return enrolmentLink(tx, command, { role: 'administrator' })
}

/** Those who could approve, and the links by which there may be more of them. */
async function approverPlaces(reader: Reader, now: Date): Promise<number> {
  const [open] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from staff.enrolments join staff.roles using (role)
    where used_at is null and expires_at > ${now} and 'roles.approve' = any (permissions)`
  return (await holders(reader, 'roles.approve')).length + (open?.count ?? 0)
}

type Newcomer = { secret: string; login: string; password: string; rp: factors.RelyingParty; shown: Shown }

/**
 * What the browser of somebody with a link needs to make their passkey; the link is not used up by it. Who has a certificate
 * already enrols under its name.
 *
 * @throws Refusal `staff.enrolment_unknown`, `staff.login_taken`, `staff.password_too_short`, `staff.certificate_foreign`
 */
export async function enrolmentPasskey(tx: Tx, command: KeyedCommand, { rp, ...newcomer }: Newcomer) {
  const { holder, name } = await judge(tx, command, newcomer)
  return factors.passkeyRegistration(tx, command, { holder, rp, name, displayName: name })
}

/**
 * Uses a link up: a member of staff with a passkey, never without [S06]. A passkey that is refused is answered as a value, because
 * it was counted; the link is good still.
 *
 * @throws Refusal as `enrolmentPasskey`
 */
export async function enrol(
  tx: Tx,
  command: KeyedCommand,
  { rp, ...newcomer }: Newcomer & { passkey: unknown },
): Promise<{ staff: string; role: string } | { refusal: Refusal }> {
  const { holder: staff, name, role, madeBy, proposal } = await judge(tx, command, newcomer)
  const label = 'Enrolled with'
  const passkey = await factors.addPasskey(tx, command, { holder: staff, rp, response: newcomer.passkey, label })
  if ('refusal' in passkey) return passkey
  await tx`update staff.enrolments set used_at = ${command.now} where digest = ${digestOf(newcomer.secret)}`
  const hash = await hashPassword(command.keys, newcomer.password)
  const made = await tx`
    insert into staff.members (staff, login, password_hash, enrolled_at) values (${staff}, ${name}, ${hash}, ${command.now})
    on conflict (login) do nothing`
  if (made.count === 0) throw loginTaken()
  await tx`
    insert into staff.grants (staff, role, granted_at, granted_by, proposal)
    values (${staff}, ${role}, ${command.now}, ${madeBy}, ${proposal})`
  const by = { ...command, actor: { ...command.actor, kind: 'staff' as const, id: staff } }
  await audit.record(tx, by, { action: 'staff.enrolled', subject: staff, detail: { role } })
  return { staff, role }
}

/** The link's place, for nobody else until the end of the transaction. */
async function judge(
  tx: Tx,
  command: Command,
  { secret, login, password, shown }: { secret: string; login: string; password: string; shown: Shown },
) {
  if ([...password].length < passwordLengthMin) throw passwordTooShort(passwordLengthMin)
  const [place] = await tx<Array<{ holder: string; role: string; madeBy: string; proposal: string | null }>>`
    update staff.enrolments set staff = coalesce(staff, ${newId('stf', command.now.getTime())})
    where digest = ${digestOf(secret)} and used_at is null and expires_at > ${command.now}
    returning staff as holder, role, made_by as "madeBy", proposal`
  if (!place || !(await mayStillOffer(tx, command, place.madeBy))) throw enrolmentUnknown()
  const name = login.toLowerCase()
  const fault = faultOf(name, shown)
  if (fault) throw fault
  const [taken] = await tx`select from staff.members where login = ${name}`
  if (taken) throw loginTaken()
  return { ...place, name }
}

/** Whoever was shut out, or may not enrol anybody any more, lets nobody in by a link of theirs; the console's is good as it is. */
async function mayStillOffer(tx: Tx, { now }: Command, madeBy: string): Promise<boolean> {
  return !isId('stf', madeBy) || (await permissionsOf(tx, madeBy, now)).includes('staff.enrol')
}

/** Is there anybody who could sign in? */
export async function hasMembers(reader: Reader): Promise<boolean> {
  const [row] = await reader<
    Array<{ any: boolean }>
  >`select exists (select from staff.members where disabled_at is null) as any`
  return row?.any === true
}
