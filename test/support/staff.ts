import { randomBytes } from 'node:crypto'
import type { Tx } from '#base'
import type { RelyingParty } from '#factors'
import type { KeyedCommand } from '#keys'
import * as staff from '#staff'
import { SoftAuthenticator } from './authenticator.ts'

export const staffPassword = 'a very long password indeed'

/** Whoever asks a face and keeps a cookie. */
type Asking = {
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: object; raw: string }>
}

/** The party of faces in this process. */
export const rp: RelyingParty = { id: 'localhost', origin: 'https://localhost', name: 'Test', holders: 'stf' }

/** A browser that shows no certificate, where none is asked for. */
export const shown = { person: undefined, required: false }

/** A member of staff made in the room alone, with a passkey in software. */
export async function employ(
  tx: Tx,
  command: KeyedCommand,
  { role, login = newLogin(), password = staffPassword }: { role: string; login?: string; password?: string },
  origin = rp.origin,
): Promise<{ id: string; login: string; passkey: SoftAuthenticator }> {
  const { secret } = await staff.enrolmentLink(tx, command, { role })
  const passkey = new SoftAuthenticator(origin)
  const newcomer = { secret, login, password, shown, rp: { ...rp, id: new URL(origin).hostname, origin } }
  const options = await staff.enrolmentPasskey(tx, command, newcomer)
  const enrolled = await staff.enrol(tx, command, { ...newcomer, passkey: passkey.create(options) })
  if ('refusal' in enrolled) throw enrolled.refusal
  return { id: enrolled.staff, login, passkey }
}

/** Enrols at a face by a link's secret, and signs in. */
export async function enrolAt(
  client: Asking,
  { secret, login = newLogin(), origin = rp.origin }: { secret: string; login?: string; origin?: string },
): Promise<{ id: string; login: string; passkey: SoftAuthenticator }> {
  const newcomer = { secret, login, password: staffPassword }
  const passkey = new SoftAuthenticator(new URL(origin).origin)
  const options = await answer<Creation>(client, '/api/enrolments/passkey', newcomer)
  const made = { ...newcomer, passkey: passkey.create(options) }
  const { staff: id } = await answer<{ staff: string }>(client, '/api/enrolments/use', made)
  await signInAt(client, passkey)
  return { id, login, passkey }
}

/** Signs in with a passkey. */
async function signInAt(client: Asking, passkey: SoftAuthenticator): Promise<void> {
  const options = await answer<Request>(client, '/api/sessions/challenge')
  await answer(client, '/api/sessions', { passkey: passkey.get(options) })
}

/** What a page sends to approve a proposal: its digest, signed. */
export async function signedApproval(
  client: Asking,
  passkey: SoftAuthenticator,
  { proposal, digest }: { proposal: string; digest: string },
): Promise<{ digest: string; passkey: object }> {
  const options = await answer<Request>(client, `/api/proposals/${proposal}/challenge`)
  return { digest, passkey: passkey.get(options) }
}

export function newLogin(): string {
  return `s${randomBytes(6).toString('hex')}`
}

type Creation = Parameters<SoftAuthenticator['create']>[0]
type Request = Parameters<SoftAuthenticator['get']>[0]

async function answer<T>(client: Asking, path: string, body?: unknown): Promise<T> {
  const { status, body: answered, raw } = await client.ask('POST', path, body)
  if (status >= 300) throw new Error(`${path}: ${status} ${raw.slice(0, 300)}`)
  return answered as T
}
