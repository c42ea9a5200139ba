import { createHash } from 'node:crypto'
import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { type Authority, authorities, type SigningCommand } from './authority.ts'
import { hold } from './certificate.ts'
import { componentUnknown } from './errors.ts'
import { isListDue, listSecondsMax, type Role, roles } from './policy.ts'

/** The channel on which a revocation is told to whoever publishes lists. */
export const newsChannel = 'countroom_pki'

/**
 * Takes certificates back: one by its serial and all that was renewed from it, by whomever; or all of a component, which is disabled then until it is enrolled anew. It
 * holds from the next `publish` on.
 *
 * @throws Refusal `pki.component_unknown`
 */
export async function revoke(
  tx: Tx,
  command: Command,
  input: { reason: string } & ({ component: string } | { serial: string }),
): Promise<string[]> {
  const component = 'component' in input ? input.component : await componentOf(tx, input.serial.toLowerCase())
  await hold(tx, component ?? '')
  const wanted = 'component' in input ? tx`component = ${input.component}` : tx`serial = ${input.serial.toLowerCase()}`
  const found = await tx<Array<{ serial: string; ended: boolean }>>`
    with recursive line as (
      select serial, not_after from pki.certificates where ${wanted}
      union
      select c.serial, c.not_after from line join pki.requests r on r.renews = line.serial
      join pki.certificates c on c.request = r.request)
    select serial, not_after <= ${command.now} as ended from line`
  const [known] = await tx`select from pki.enrolments where component = ${component ?? ''} limit 1`
  if (!known || !component) throw componentUnknown()

  const serials: string[] = []
  for (const { serial } of found.filter(({ ended }) => !ended)) {
    const made = await tx`
      insert into pki.revocations (serial, at, reason, revoked_by)
      values (${serial}, ${command.now}, ${input.reason}, ${command.actor.id}) on conflict do nothing`
    if (made.count > 0) serials.push(serial)
  }
  if ('component' in input)
    await tx`
      insert into pki.dismissals (component, at, reason)
      select ${component}, greatest(${command.now}::timestamptz, max(offered_at)), ${input.reason}
      from pki.enrolments where component = ${component}
      on conflict do nothing`
  await tx`select pg_notify(${newsChannel}, '')`
  await audit.record(tx, command, {
    action: 'component' in input ? 'pki.component_dismissed' : 'pki.revoked',
    subject: component,
    reason: input.reason,
    detail: { serials },
  })
  return serials
}

/** Takes back whatever a person has, who does not work here any more; nothing where they have nothing. */
export async function revokePerson(
  tx: Tx,
  command: Command,
  { person, reason }: { person: string; reason: string },
): Promise<void> {
  const [known] = await tx<Array<{ role: Role }>>`select role from pki.enrolments where component = ${person} limit 1`
  if (known && roles[known.role].people) await revoke(tx, command, { component: person, reason })
}

/**
 * Signs the revocation lists that are due, or no longer say what they should, one for each active key of the authority: of
 * all that was ever issued under it, whichever certificate it had then. Answers how many were signed.
 *
 * A list of a key that was rotated away cannot be signed again. It ends by itself, or at once when something that was issued
 * under that key is taken back: then nothing of that key is let in any more, since no list can say which. `above`: the number of a list that was
 * signed without the database (`signAgain`), which none has twice.
 */
export async function publish(
  tx: Tx,
  command: SigningCommand,
  { lifeSeconds = listSecondsMax, above = 0n }: { lifeSeconds?: number; above?: bigint } = {},
): Promise<number> {
  await tx`select pg_advisory_xact_lock(hashtext('pki.lists'))`
  const known = await authorities(tx, command)
  const active = await Promise.all([command.keys.active('sk-ca-root'), command.keys.active('sk-ca-issuing')])
  await endLists(tx, command, known, active)
  let signed = 0
  for (const key of active) {
    const authority = known.find((each) => each.key === key && each.notAfter > command.now)
    if (!authority) continue
    const { revoked, says } = await revokedUnder(tx, authority, command.now)
    const [current] = await tx<Array<{ number: bigint; thisUpdate: Date; nextUpdate: Date; says: Buffer }>>`
      select number, this_update as "thisUpdate", next_update as "nextUpdate", says from pki.lists where key = ${key}`
    if (current?.says.equals(says) && current.number > above && !isListDue(current, command.now)) continue
    const { encodeList } = await import('./encode.ts')
    const before = current?.number ?? 0n
    const number = (before > above ? before : above) + 1n
    const nextUpdate = new Date(command.now.getTime() + lifeSeconds * 1000)
    const list = await encodeList(command.keys, authority, { number, thisUpdate: command.now, nextUpdate, revoked })
    await tx`
      insert into pki.lists (key, number, this_update, next_update, says, list)
      values (${key}, ${number}, ${command.now}, ${nextUpdate}, ${says}, ${list})
      on conflict (key) do update set number = excluded.number, this_update = excluded.this_update,
        next_update = excluded.next_update, says = excluded.says, list = excluded.list`
    signed++
  }
  return signed
}

/** The lists that are good now, as PEM, roots' first; each is for itself signed and dated. */
export async function lists(reader: Reader, now: Date): Promise<string> {
  const rows = await reader<Array<{ list: Buffer }>>`
    select list from pki.lists where next_update > ${now} order by key desc`
  return rows.map(({ list }) => pemOfList(list)).join('')
}

/** The serials that were taken back and have not ended. */
export async function takenBack(reader: Reader, now: Date): Promise<string[]> {
  const rows = await reader<Array<{ serial: string }>>`
    select r.serial from pki.revocations r join pki.certificates c on c.serial = r.serial where c.not_after > ${now}`
  return rows.map(({ serial }) => serial)
}

async function componentOf(tx: Tx, serial: string): Promise<string | undefined> {
  const [row] = await tx<Array<{ component: string }>>`select component from pki.certificates where serial = ${serial}`
  return row?.component
}

/** Ends lists of keys that sign no more and that say too little by now. */
async function endLists(
  tx: Tx,
  command: Command,
  known: readonly Authority[],
  active: readonly string[],
): Promise<void> {
  const others = await tx<Array<{ key: string; says: Buffer }>>`
    select key, says from pki.lists where next_update > ${command.now} and not key = any (${[...active]})`
  for (const { key, says } of others) {
    const authority = known.find((each) => each.key === key)
    if (!authority || !(await revokedUnder(tx, authority, command.now)).says.equals(says))
      await tx`update pki.lists set next_update = ${command.now} where key = ${key}`
  }
}

/** Whoever checks finds a list by its issuer's name, so a list says who made it as well as whom it names. */
async function revokedUnder(tx: Tx, { key, serial }: Authority, now: Date) {
  const revoked = await tx<Array<{ serial: string; at: Date }>>`
    select r.serial, r.at from pki.revocations r join pki.certificates c on c.serial = r.serial
    join pki.authorities a on a.serial = c.authority
    where a.key = ${key} and c.not_after > ${now} order by r.serial`
  const said = [serial, ...revoked.map((each) => each.serial)].join('\n')
  return { revoked, says: createHash('sha256').update(said).digest() }
}

export function pemOfList(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`
}
