import * as audit from '#audit'
import { type Command, newId, type Reader, type Tx } from '#base'
import { emergencyUnknown, memberUnknown, notYourOwn } from './errors.ts'

/**
 * Glass that was broken, from the console or by the custodians' shares typed there, when two are not to be had: a `place` is an enrolment link for an administrator; `alone`
 * lets one member approve, for some minutes, what they ask for themselves.
 */
export type Emergency = {
  emergency: string
  kind: 'place' | 'alone'
  staff: string | null
  name: string | null
  reason: string
  /** Of the recovery key, whose shares broke it; none where the console did. */
  custodians: string[]
  openedAt: Date
  until: Date
  reviewedBy: string | null
  reviewedAt: Date | null
  finding: string | null
}

/**
 * Lets a member approve alone what they ask for. Told with an alarm, and until it is reviewed by somebody else the back office says
 * so. Only the owner of the database may do this.
 *
 * @throws Refusal `staff.member_unknown`
 */
export async function breakGlassAlone(
  tx: Tx,
  command: Command,
  {
    login,
    reason,
    minutes,
    custodians = [],
  }: { login: string; reason: string; minutes: number; custodians?: readonly string[] },
): Promise<{ until: Date }> {
  const [member] = await tx<Array<{ staff: string }>>`
    select staff from staff.members where login = ${login.toLowerCase()} and disabled_at is null`
  if (!member) throw memberUnknown()
  return openEmergency(tx, command, { kind: 'alone', staff: member.staff, reason, minutes, custodians })
}

/** The emergency in which a member may approve what they asked for themselves. */
export async function emergencyOf(reader: Reader, staff: string, now: Date): Promise<string | undefined> {
  const [row] = await reader<Array<{ emergency: string }>>`
    select emergency from staff.emergencies where kind = 'alone' and staff = ${staff} and opened_at <= ${now} and until > ${now}
    order by until desc limit 1`
  return row?.emergency
}

/** Newest first; those that nobody reviewed yet are what the back office warns of. */
export async function emergencies(reader: Reader): Promise<Emergency[]> {
  return await reader<Emergency[]>`
    select emergency, kind, staff, login as name, reason, custodians, opened_at as "openedAt", until, reviewed_by as "reviewedBy",
      reviewed_at as "reviewedAt", finding
    from staff.emergencies left join staff.members using (staff) order by emergency desc limit 100`
}

/**
 * Somebody else has looked at what was done meanwhile, and says what they found.
 *
 * @throws Refusal `staff.emergency_unknown`, `staff.not_your_own`
 */
export async function reviewEmergency(
  tx: Tx,
  command: Command,
  { emergency, finding }: { emergency: string; finding: string },
): Promise<void> {
  const [row] = await tx<Array<{ staff: string | null; openedAt: Date }>>`
    select staff, opened_at as "openedAt" from staff.emergencies where emergency = ${emergency} and reviewed_at is null for update`
  if (!row) throw emergencyUnknown()
  const [newer] = await tx`
    select from staff.members where staff = ${command.actor.id} and enrolled_at >= ${row.openedAt}
      and ${row.staff === null}` // who came in by the link does not review that it was made
  if (row.staff === command.actor.id || newer) throw notYourOwn()
  await tx`
    update staff.emergencies set reviewed_by = ${command.actor.id}, reviewed_at = ${command.now}, finding = ${finding}
    where emergency = ${emergency}`
  await audit.record(tx, command, { action: 'staff.emergency_reviewed', subject: emergency, reason: finding })
}

/** Opens one, with an alarm in the log. */
export async function openEmergency(
  tx: Tx,
  command: Command,
  {
    kind,
    staff,
    reason,
    minutes,
    custodians,
  }: Pick<Emergency, 'kind' | 'staff' | 'reason'> & { minutes: number; custodians: readonly string[] },
): Promise<{ until: Date }> {
  const emergency = newId('emg', command.now.getTime())
  const until = new Date(command.now.getTime() + minutes * 60_000)
  await tx`
    insert into staff.emergencies (emergency, kind, staff, reason, custodians, opened_at, until)
    values (${emergency}, ${kind}, ${staff}, ${reason}, ${[...custodians]}, ${command.now}, ${until})`
  await audit.record(tx, command, {
    action: 'staff.glass_broken',
    subject: emergency,
    reason,
    detail: { kind, member: staff, until, custodians: [...custodians] },
  })
  return { until }
}
