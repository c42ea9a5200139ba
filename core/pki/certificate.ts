import { X509Certificate } from 'node:crypto'
import * as audit from '#audit'
import type { Reader, Tx } from '#base'
import { issuingAuthority, pemOfCertificate, type SigningCommand, serialOf } from './authority.ts'
import { componentDisabled, componentUnknown, requestUnfit } from './errors.ts'
import { backdateSeconds, isOverdue, type Role, renewalDue } from './policy.ts'
import { type Asked, isProven } from './proof.ts'

/** Until the transaction ends, nobody else issues for a component, offers it a place or takes it back. */
export async function hold(tx: Tx, component: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext(${`pki.component ${component}`}))`
}

/** A certificate and the authority's own that goes with it, as PEM, the way a server sends them. */
export type Issued = { serial: string; component: string; role: Role; notBefore: Date; notAfter: Date; chain: string }

export type Component = {
  component: string
  role: Role
  /** `offered`: a token was made and not used yet. `disabled`: enrolled once, and taken back since. */
  state: 'offered' | 'enabled' | 'disabled'
  /** The newest certificate, if there is one. */
  serial: string | undefined
  notAfter: Date | undefined
  /** All that are good still, of which a thief's may be one; newest first. */
  good: string[]
  renewalDue: Date | undefined
  overdue: boolean
}

/**
 * Makes the certificate for a request, once; asked again, it answers the same. It believes no row that the application could
 * have made by itself: the component has to have asked, with a token of ops or with the key it has.
 *
 * @throws Refusal `pki.component_unknown`, `pki.component_disabled`, `pki.request_unfit`
 */
export async function issue(
  tx: Tx,
  command: SigningCommand,
  input: { request: string; lifeSeconds: number },
): Promise<Issued> {
  await tx`select pg_advisory_xact_lock(hashtext(${`pki.issue ${input.request}`}))`
  const before = await issuedFor(tx, input.request)
  if (before) return before
  const [of] = await tx<Array<{ component: string }>>`
    select component from pki.requests where request = ${input.request}`
  if (of) await hold(tx, of.component)
  const [asked] = await tx<Array<Asked & { names: string[] }>>`
    select r.component, r.spki, r.renews, r.proof, r.signed_at as "signedAt", e.role, e.names,
      (select digest from pki.enrolments o where o.digest = r.enrolment and o.component = r.component) as offer,
      (select certificate from pki.certificates c where c.serial = r.renews and c.component = r.component
        and not exists (select from pki.revocations v where v.serial = c.serial)) as renewed
    from pki.requests r
    cross join lateral (
      select o.role, o.names from pki.requests u join pki.enrolments o on o.digest = u.enrolment
      where u.component = r.component and o.component = r.component order by o.offered_at desc limit 1) e
    where r.request = ${input.request}`
  if (!asked) throw componentUnknown()
  if (!(await isEnabled(tx, asked.component))) throw componentDisabled(asked.component)
  if (!(await isProven(tx, command, asked))) throw requestUnfit('nothing proves that the component itself asked')
  const authority = await issuingAuthority(tx, command)
  if (!authority) throw new Error('there is no issuing authority under the active key yet; ops makes it')

  const { encodeLeaf } = await import('./encode.ts')
  const startMs = command.now.getTime() - backdateSeconds(input.lifeSeconds) * 1000
  const period = { notBefore: new Date(startMs), notAfter: new Date(startMs + input.lifeSeconds * 1000) }
  const certificate = await encodeLeaf(command.keys, authority, { ...asked, period })
  const read = new X509Certificate(certificate)
  const serial = serialOf(read)
  await tx`
    insert into pki.certificates (serial, request, component, role, names, authority, not_before, not_after, certificate)
    values (${serial}, ${input.request}, ${asked.component}, ${asked.role}, ${asked.names}, ${authority.serial},
      ${read.validFromDate}, ${read.validToDate}, ${certificate})`
  await audit.record(tx, command, {
    action: 'pki.issued',
    subject: asked.component,
    detail: { serial, role: asked.role, names: asked.names, notAfter: read.validToDate.toISOString() },
  })
  return (await issuedFor(tx, input.request))!
}

/** What was issued for a request; undefined while it waits. */
export async function issuedFor(reader: Reader, request: string): Promise<Issued | undefined> {
  const [row] = await reader<Array<Omit<Issued, 'chain'> & { leaf: Buffer; issuer: Buffer }>>`
    select c.serial, c.component, c.role, c.not_before as "notBefore", c.not_after as "notAfter",
      c.certificate as leaf, a.certificate as issuer
    from pki.certificates c join pki.authorities a on a.serial = c.authority where c.request = ${request}`
  if (!row) return undefined
  const { leaf, issuer, ...issued } = row
  return { ...issued, chain: pemOfCertificate(leaf) + pemOfCertificate(issuer) }
}

/** Everything that was ever offered or enrolled, with its newest certificate. */
export async function components(reader: Reader, now: Date): Promise<Component[]> {
  const rows = await reader<
    Array<{
      component: string
      role: Role
      used: boolean
      dismissed: boolean
      serial: string | null
      notBefore: Date | null
      notAfter: Date | null
      good: string[]
    }>
  >`
    select e.component, e.role, u.at is not null as used, coalesce(u.at <= d.at, false) as dismissed,
      c.serial, c.not_before as "notBefore", c.not_after as "notAfter", array(
        select g.serial from pki.certificates g
        where g.component = e.component and g.not_after > ${now}
          and not exists (select from pki.revocations v where v.serial = g.serial)
        order by g.not_after desc, g.serial) as good
    from (select distinct component, role from pki.enrolments) e
    left join lateral (
      select max(o.offered_at) as at from pki.requests r
      join pki.enrolments o on o.digest = r.enrolment and o.component = r.component
      where r.component = e.component) u on true
    left join lateral (select max(at) as at from pki.dismissals d where d.component = e.component) d on true
    left join lateral (
      select serial, not_before, not_after from pki.certificates c where c.component = e.component
      order by not_after desc, serial limit 1) c on true
    order by e.role, e.component`
  return rows.map(({ component, role, used, dismissed, serial, notBefore, notAfter, good }) => {
    const period = serial && notBefore && notAfter ? { serial, notBefore, notAfter } : undefined
    const enabled = used && !dismissed
    return {
      component,
      role,
      state: !used ? 'offered' : dismissed ? 'disabled' : 'enabled',
      serial: period?.serial,
      notAfter: period?.notAfter,
      good,
      renewalDue: period && renewalDue(period),
      overdue: enabled && period !== undefined && isOverdue(period, now),
    }
  })
}

/** Was it enrolled, and not dismissed since? */
export async function isEnabled(reader: Reader, component: string): Promise<boolean> {
  const [row] = await reader<Array<{ enabled: boolean }>>`
    select exists (
      select from pki.requests r join pki.enrolments o on o.digest = r.enrolment and o.component = r.component
      where r.component = ${component} and not exists (
        select from pki.dismissals d where d.component = r.component and d.at >= o.offered_at)) as enabled`
  return row?.enabled === true
}

/** Whose certificate this is, if it is one of ours, of now, and not taken back. */
export async function isGood(reader: Reader, serial: string, der: Buffer, now: Date): Promise<string | undefined> {
  const [row] = await reader<Array<{ component: string; certificate: Buffer }>>`
    select component, certificate from pki.certificates c
    where serial = ${serial} and not_before <= ${now} and not_after > ${now}
      and not exists (select from pki.revocations r where r.serial = c.serial)`
  return row?.certificate.equals(der) ? row.component : undefined
}
