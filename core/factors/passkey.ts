import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import * as audit from '#audit'
import { isId, newId, type Reader, type Refusal, type Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { ask, takeBack } from './challenge.ts'
import { passkeyKnown, passkeyRefused } from './errors.ts'
import { add, roomFor, type Use, used } from './factor.ts'
import { hold } from './failures.ts'
import {
  algorithms,
  type KnownPasskey,
  type RelyingParty,
  readAssertion,
  readClientData,
  readRegistration,
  verifyAssertion,
  verifyRegistration,
} from './message.ts'
import { challengeSecondsMax } from './policy.ts'

const registering = 'factors.add_passkey'

/**
 * What a browser needs to make a passkey for this holder: discoverable, by an authenticator that knows the person. `name` is
 * shown by the device, when it asks which one to use.
 *
 * @throws Refusal `factors.too_many`
 */
export async function passkeyRegistration(
  tx: Tx,
  command: KeyedCommand,
  { holder, rp, name, displayName }: { holder: string; rp: RelyingParty; name: string; displayName: string },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  ours(rp, holder)
  await roomFor(tx, holder)
  const challenge = await ask(tx, command, { purpose: registering, holder, verified: true })
  return await generateRegistrationOptions({
    rpName: rp.name,
    rpID: rp.id,
    userName: name,
    userDisplayName: displayName,
    userID: new Uint8Array(Buffer.from(holder)),
    challenge: new Uint8Array(challenge),
    timeout: challengeSecondsMax * 1000,
    attestationType: 'none',
    excludeCredentials: await credentialsOf(tx, holder),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  })
}

/**
 * Adds the passkey a browser made. Whatever is wrong with its message, the answer is one refusal, and the question is used up.
 *
 * @throws Refusal `factors.label_invalid`, `factors.too_many`
 */
export async function addPasskey(
  tx: Tx,
  command: KeyedCommand,
  { holder, rp, response, label }: { holder: string; rp: RelyingParty; response: unknown; label: string },
): Promise<{ factor: string } | { refusal: Refusal }> {
  ours(rp, holder)
  await hold(tx, holder)
  await roomFor(tx, holder)
  const message = readRegistration(response)
  const said = message && readClientData(message)
  if (!message || !said) return refused(tx, command, holder, 'malformed')
  const question = await takeBack(tx, command, said.challenge, { purpose: registering, holder })
  if (!question) return refused(tx, command, holder, 'not asked')
  if (said.origin !== rp.origin) return refused(tx, command, holder, 'foreign origin')
  const made = await verifyRegistration(message, { rp, challenge: said.challenge })
  if (!made) return refused(tx, command, holder, 'not in order')
  const [known] = await tx`select from factors.passkeys where credential = ${made.credential}`
  if (known) return { refusal: passkeyKnown() }
  const factor = newId('fct', command.now.getTime())
  await add(tx, command, { holder, factor, kind: 'passkey', label })
  const { credential, publicKey, counter, transports, synced, backedUp } = made
  await tx`
    insert into factors.passkeys (factor, credential, public_key, counter, transports, synced, backed_up)
    values (${factor}, ${credential}, ${publicKey}, ${counter}, ${transports}, ${synced}, ${backedUp})`
  return { factor }
}

/**
 * What a browser needs to use a passkey: one of the holder's, or any that its person chooses when no holder is named. `binding`
 * is the SHA-256 of exactly what they are shown, which they sign.
 */
export async function passkeyChallenge(
  tx: Tx,
  command: KeyedCommand,
  input: {
    rp: RelyingParty
    purpose: string
    holder?: string
    binding?: Buffer
    userVerification?: 'required' | 'preferred'
  },
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { rp, holder, userVerification = 'required' } = input
  if (holder !== undefined) ours(rp, holder)
  const challenge = await ask(tx, command, { ...input, verified: userVerification === 'required' })
  return await generateAuthenticationOptions({
    rpID: rp.id,
    challenge: new Uint8Array(challenge),
    timeout: challengeSecondsMax * 1000,
    userVerification,
    ...(holder === undefined ? {} : { allowCredentials: await credentialsOf(tx, holder) }),
  })
}

/**
 * Checks the answer to a challenge: of this purpose, holder and binding, of our pages, by a passkey of ours, and its counter
 * higher than before. A counter that is not says that there are two of it; that one is refused, and somebody should look.
 */
export async function usePasskey(
  tx: Tx,
  command: KeyedCommand,
  input: { rp: RelyingParty; purpose: string; holder?: string; binding?: Buffer; response: unknown },
): Promise<Use | { refusal: Refusal }> {
  const { rp, holder = 'unknown' } = input
  const message = readAssertion(input.response)
  const said = message && readClientData(message)
  if (!message || !said) return refused(tx, command, holder, 'malformed')
  const question = await takeBack(tx, command, said.challenge, input)
  if (!question) return refused(tx, command, holder, 'not asked')
  if (said.origin !== rp.origin) return refused(tx, command, holder, 'foreign origin')
  const passkey = await passkeyBy(tx, Buffer.from(message.id, 'base64url'))
  if (!passkey || !isTheirs(passkey.holder, input, message.response.userHandle))
    return refused(tx, command, holder, 'unknown passkey')
  const asked = { rp, challenge: said.challenge, userVerification: question.verified }
  const answer = await verifyAssertion(message, passkey, asked)
  if (!answer) return refused(tx, command, passkey.holder, 'not in order')
  const { factor } = passkey
  const counted = await tx`
    update factors.passkeys set counter = ${answer.counter}, backed_up = ${answer.backedUp}
    where factor = ${factor} and (counter < ${answer.counter} or (counter = 0 and ${answer.counter}::bigint = 0))`
  if (counted.count === 0) {
    await audit.record(tx, command, { action: 'factors.passkey_cloned', subject: passkey.holder, detail: { factor } })
    return { refusal: passkeyRefused() }
  }
  return used(tx, command, {
    holder: passkey.holder,
    factor,
    kind: 'passkey',
    userVerified: answer.userVerified,
  })
}

async function passkeyBy(tx: Tx, credential: Buffer): Promise<(KnownPasskey & Owned) | undefined> {
  const [row] = await tx<Array<KnownPasskey & Owned>>`
    select factor, holder, credential, public_key as "publicKey", synced
    from factors.passkeys join factors.factors using (factor) where credential = ${credential}`
  return row
}

type Owned = { factor: string; holder: string }

/** Of the holder who was asked, or, when nobody was named, of one whose pages these are; the authenticator says the same. */
function isTheirs(
  owner: string,
  { rp, holder }: { rp: RelyingParty; holder?: string },
  userHandle: string | null | undefined,
): boolean {
  const said = userHandle ? Buffer.from(userHandle, 'base64url').toString() : undefined
  if (holder === undefined && said === undefined) return false // WebAuthn L3, 7.2: who was not named has to name themselves
  return owner === (holder ?? owner) && owner === (said ?? owner) && isId(rp.holders, owner)
}

async function credentialsOf(reader: Reader, holder: string) {
  const rows = await reader<Array<{ credential: Buffer; transports: string[] }>>`
    select credential, transports from factors.passkeys join factors.factors using (factor) where holder = ${holder}`
  return rows.map(({ credential, transports }) => ({
    id: credential.toString('base64url'),
    transports: transports as never,
  }))
}

async function refused(tx: Tx, command: KeyedCommand, subject: string, cause: string): Promise<{ refusal: Refusal }> {
  await audit.record(tx, command, { action: 'factors.refused', subject, detail: { kind: 'passkey', cause } })
  return { refusal: passkeyRefused() }
}

/** Pages of players never ask for the passkey of staff, nor the other way round. */
function ours(rp: RelyingParty, holder: string): void {
  if (!isId(rp.holders, holder)) throw new Error(`${holder} has no passkeys for ${rp.origin}`)
}
