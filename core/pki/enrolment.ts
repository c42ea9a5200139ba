import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import * as audit from '#audit'
import { type Command, newId, type Reader, type Refusal, type Tx } from '#base'
import { newSecret } from '#keys'
import { serialOf } from './authority.ts'
import { hold, isEnabled, isGood } from './certificate.ts'
import { componentUnfit, renewalRefused, requestUnfit, tokenRefused } from './errors.ts'
import { daySeconds, faultOfComponent, internalDomain, isRole, roles, tokenSecondsMax } from './policy.ts'
import { digestsOf, renewalStatement } from './proof.ts'

export type Application = { request: string; component: string }

const clockSecondsMax = 300

/**
 * Lets a component ask for its first certificate: a token that works once, shown once and kept as a digest. Without names a
 * component is called `<component>.countroom.internal`; people have no names on the network.
 *
 * @throws Refusal `pki.component_unfit`
 */
export async function offer(
  tx: Tx,
  command: Command,
  wanted: { component: string; role: string; names?: readonly string[]; secondsMax?: number },
): Promise<{ token: string; expiresAt: Date }> {
  const { component, role } = wanted
  if (!isRole(role)) throw componentUnfit(`there is no role ${role}`)
  const names = wanted.names ?? (roles[role].people ? [] : [`${component}.${internalDomain}`])
  const fault = faultOfComponent(role, component, names)
  if (fault) throw componentUnfit(fault)
  const [other] = await tx<Array<{ role: string }>>`
    select role from pki.enrolments where component = ${component} and role <> ${role} limit 1`
  if (other) throw componentUnfit(`${component} is known as ${other.role}, and stays that`)

  await hold(tx, component)
  const { secret } = newSecret()
  const expiresAt = new Date(command.now.getTime() + (wanted.secondsMax ?? tokenSecondsMax) * 1000)
  await tx`
    insert into pki.enrolments (digest, component, role, names, offered_by, offered_at, expires_at)
    values (${digestsOf(secret).offer}, ${component}, ${role}, ${[...names]}, ${command.actor.id}, ${command.now}, ${expiresAt})`
  await audit.record(tx, command, {
    action: 'pki.enrolment_offered',
    subject: component,
    detail: { role, names: [...names], expiresAt: expiresAt.toISOString() },
  })
  return { token: secret, expiresAt }
}

/**
 * Takes a component's first request (PKCS #10, PEM) and uses its token up. The same request again finds the same
 * application, for who lost the answer; anything else is refused. Answers a refusal instead of throwing it, because the
 * attempt is written down: the transaction must commit either way.
 *
 * @throws Refusal `pki.request_unfit`
 */
export async function apply(
  tx: Tx,
  command: Command,
  input: { token: string; request: string },
): Promise<Application | { refusal: Refusal }> {
  const spki = await publicKeyOf(input.request)
  const { offer: digest, proof } = digestsOf(input.token)
  const [offered] = await tx<Array<{ component: string; open: boolean }>>`
    select component, e.expires_at > ${command.now} and not exists (
      select from pki.dismissals d where d.component = e.component and d.at >= e.offered_at) as open
    from pki.enrolments e where digest = ${digest}`
  if (!offered?.open) return refused(tx, command, offered?.component ?? 'unknown')
  const { component } = offered
  const request = newId('crq', command.now.getTime())
  const made = await tx`
    insert into pki.requests (request, component, enrolment, spki, at, proof)
    values (${request}, ${component}, ${digest}, ${spki}, ${command.now}, ${proof}) on conflict (enrolment) do nothing`
  if (made.count === 0) {
    const [earlier] = await tx<Array<{ request: string; spki: Buffer }>>`
      select request, spki from pki.requests where enrolment = ${digest}`
    return earlier?.spki.equals(spki) ? { request: earlier.request, component } : refused(tx, command, component)
  }
  await audit.record(tx, command, { action: 'pki.enrolled', subject: component, detail: { request } })
  return { request, component }
}

/**
 * Takes the request of a component that has a certificate: signed by the key of that one over `renewalStatement`, a few
 * minutes ago at most.
 *
 * @throws Refusal `pki.request_unfit`, `pki.renewal_refused`
 */
export async function applyAgain(
  tx: Tx,
  command: Command,
  input: { request: string; certificate: string; at: Date; signature: Buffer },
): Promise<Application> {
  const spki = await publicKeyOf(input.request)
  const present = certificateIn(input.certificate)
  if (!present || Math.abs(command.now.getTime() - input.at.getTime()) > clockSecondsMax * 1000) throw renewalRefused()
  const serial = serialOf(present)
  const component = await isGood(tx, serial, present.raw, command.now)
  const statement = renewalStatement(serial, spki, input.at)
  if (!component || !verify('sha256', statement, present.publicKey, input.signature)) throw renewalRefused()
  if (!(await isEnabled(tx, component))) throw renewalRefused()
  const [earlier] = await tx<Array<{ request: string }>>`
    select request from pki.requests where renews = ${serial} and spki = ${spki}`
  if (earlier) return { request: earlier.request, component }
  const request = newId('crq', command.now.getTime())
  await tx`
    insert into pki.requests (request, component, renews, spki, at, proof, signed_at)
    values (${request}, ${component}, ${serial}, ${spki}, ${command.now}, ${input.signature}, ${input.at})`
  await audit.record(tx, command, { action: 'pki.renewal_asked', subject: component, detail: { request, serial } })
  return { request, component }
}

/** Applications of the last day nobody has issued for yet, oldest first; not of who was dismissed meanwhile. */
export async function openApplications(reader: Reader, now = new Date()): Promise<string[]> {
  const rows = await reader<Array<{ request: string }>>`
    select request from pki.requests r
    where not exists (select from pki.certificates c where c.request = r.request)
      and not exists (select from pki.dismissals d where d.component = r.component and d.at >= r.at)
      and proof is not null and at > ${new Date(now.getTime() - daySeconds * 1000)}
    order by at limit 1000`
  return rows.map(({ request }) => request)
}

async function refused(tx: Tx, command: Command, component: string): Promise<{ refusal: Refusal }> {
  await audit.record(tx, command, { action: 'pki.enrolment_refused', subject: component })
  return { refusal: tokenRefused() }
}

/** @throws Refusal `pki.request_unfit` unless it is a request for a P-256 key, signed by that key */
async function publicKeyOf(pem: string): Promise<Buffer> {
  const { readRequest } = await import('./encode.ts')
  const spki = await readRequest(pem)
  if (!spki) throw requestUnfit('it is no PKCS #10 request in PEM, or not signed by its own key')
  const { asymmetricKeyDetails } = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  if (asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw requestUnfit('its key is not on the curve P-256')
  return spki
}

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
