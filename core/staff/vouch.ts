import * as audit from '#audit'
import { type Reader, Refusal, type Tx } from '#base'
import { type KeyedCommand, verifyPassword } from '#keys'
import { notPermitted, samePerson, signInRefused, tooManyFailures, vouchersMissing } from './errors.ts'
import { permissionsOf } from './grant.ts'
import { failuresMax, failureWindowSeconds, type Permission, vouchersMin } from './policy.ts'

export type Credential = { login: string; password: string }

/**
 * Two different members of staff say yes to one act, each with their own password, at the place where it is done [S44] [S46].
 * Answers who they are. Answers a refusal instead of throwing it, because a wrong password is remembered: the transaction must
 * commit either way.
 */
export async function vouch(
  tx: Tx,
  command: KeyedCommand,
  input: { act: string; permission: Permission; credentials: readonly Credential[] },
): Promise<{ vouchers: string[] } | { refusal: Refusal }> {
  const vouchers: string[] = []
  for (const credential of input.credentials) {
    const found = await memberBy(tx, command, credential, input.permission)
    if (found instanceof Refusal) return { refusal: found }
    if (vouchers.includes(found)) return { refusal: samePerson() }
    vouchers.push(found)
  }
  if (vouchers.length < vouchersMin) return { refusal: vouchersMissing(vouchersMin) }
  for (const subject of vouchers)
    await audit.record(tx, command, { action: 'staff.vouched', subject, detail: { act: input.act } })
  return { vouchers }
}

async function memberBy(
  tx: Tx,
  command: KeyedCommand,
  { login, password }: Credential,
  permission: Permission,
): Promise<string | Refusal> {
  const name = login.toLowerCase()
  const subject = `console|${name}` // counted apart from the desk, or a stranger there would keep the console shut
  if ((await failuresOf(tx, subject, command.now)) >= failuresMax) {
    await refusedTo(tx, command, 'unknown', 'locked')
    return tooManyFailures()
  }
  const [member] = await tx<Array<{ staff: string; hash: string }>>`
    select staff, password_hash as hash from staff.members where login = ${name} and disabled_at is null`
  if (!(await verifyPassword(command.keys, password, member?.hash)) || !member) {
    await tx`insert into staff.failures (subject, at) values (${subject}, ${command.now})`
    await refusedTo(tx, command, member?.staff ?? 'unknown', 'name or password wrong')
    return signInRefused()
  }
  const held = await permissionsOf(tx, member.staff, command.now)
  return held.includes(permission) ? member.staff : notPermitted(permission)
}

async function refusedTo(tx: Tx, command: KeyedCommand, subject: string, cause: string): Promise<void> {
  await audit.record(tx, command, { action: 'staff.sign_in_refused', subject, detail: { cause } })
}

async function failuresOf(reader: Reader, subject: string, now: Date): Promise<number> {
  const since = new Date(now.getTime() - failureWindowSeconds * 1000)
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from staff.failures where subject = ${subject} and at > ${since}`
  return row?.count ?? 0
}
