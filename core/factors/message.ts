import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers'
import { z } from 'zod'

/** Who asks for passkeys: the domain they are for, the address of the pages, and whose passkeys they are. */
export type RelyingParty = { id: string; origin: string; name: string; holders: 'plr' | 'stf' }

export type ClientData = { challenge: Buffer; origin: string }
export type NewPasskey = {
  credential: Buffer
  publicKey: Buffer
  counter: number
  transports: string[]
  synced: boolean
  backedUp: boolean
}
export type KnownPasskey = { credential: Buffer; publicKey: Buffer; synced: boolean }
export type Assertion = { counter: number; backedUp: boolean; userVerified: boolean }

/** ES256, EdDSA and RS256, as COSE numbers them: what authenticators have. */
export const algorithms = [-7, -8, -257]

/** What a browser sends, within what it can need (WebAuthn L3; a credential's id has at most 1023 bytes). */
const bytes = (max: number) =>
  z
    .string()
    .max(Math.ceil((max * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/)
const envelope = { id: bytes(1023), rawId: bytes(1023), type: z.literal('public-key') }
const registrationMessage = z.object({
  ...envelope,
  response: z.object({
    clientDataJSON: bytes(2048),
    attestationObject: bytes(8192),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(8)
      .default([]),
  }),
})
const assertionMessage = z.object({
  ...envelope,
  response: z.object({
    clientDataJSON: bytes(2048),
    authenticatorData: bytes(2048),
    signature: bytes(1024),
    userHandle: bytes(64).nullish(),
  }),
})
const clientData = z.object({
  challenge: bytes(64),
  origin: z.string().max(512),
  crossOrigin: z.literal(false).optional(),
  topOrigin: z.never().optional(),
})

export type RegistrationMessage = z.infer<typeof registrationMessage>
export type AssertionMessage = z.infer<typeof assertionMessage>

export function readRegistration(message: unknown): RegistrationMessage | undefined {
  return registrationMessage.safeParse(message).data
}

export function readAssertion(message: unknown): AssertionMessage | undefined {
  return assertionMessage.safeParse(message).data
}

/** What the browser says it was asked, and where; never inside a page of somebody else. */
export function readClientData({ response }: RegistrationMessage | AssertionMessage): ClientData | undefined {
  try {
    const { data } = clientData.safeParse(JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()))
    return data && { challenge: Buffer.from(data.challenge, 'base64url'), origin: data.origin }
  } catch {
    return undefined
  }
}

type Asked = { rp: RelyingParty; challenge: Buffer }

/**
 * The new passkey of a message that is in order: our domain and address, this challenge, the person known to the authenticator,
 * an algorithm of ours. Undefined for anything else. Makers' statements are not asked for and none is read: what would have to be
 * parsed and believed for them is larger than all the rest.
 */
export async function verifyRegistration(
  message: RegistrationMessage,
  { rp, challenge }: Asked,
): Promise<NewPasskey | undefined> {
  try {
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(message.response.attestationObject))
    const selfSigned = attestation.get('fmt') === 'packed' && attestation.get('attStmt').get('x5c') === undefined
    if (attestation.get('fmt') !== 'none' && !selfSigned) return undefined
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...message, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge.toString('base64url'),
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      supportedAlgorithmIDs: algorithms,
      requireUserVerification: true,
    })
    if (!verified) return undefined
    const { credential: made, credentialDeviceType, credentialBackedUp } = registrationInfo
    if (made.id !== message.id) return undefined
    return {
      credential: Buffer.from(made.id, 'base64url'),
      publicKey: Buffer.from(made.publicKey),
      counter: made.counter,
      transports: message.response.transports,
      synced: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    }
  } catch {
    return undefined // the library throws whatever it does not like, and what is malformed in ways of its own
  }
}

/** What an answer in order says; undefined for one that is not. The counter is not judged here but where it is kept. */
export async function verifyAssertion(
  message: AssertionMessage,
  passkey: KnownPasskey,
  { rp, challenge, userVerification }: Asked & { userVerification: boolean },
): Promise<Assertion | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...message, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge.toString('base64url'),
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: userVerification,
      credential: {
        id: passkey.credential.toString('base64url'),
        publicKey: new Uint8Array(passkey.publicKey),
        counter: 0,
      },
    })
    const { newCounter, credentialDeviceType, credentialBackedUp, userVerified } = authenticationInfo
    const synced = credentialDeviceType === 'multiDevice'
    return verified && synced === passkey.synced
      ? { counter: newCounter, backedUp: credentialBackedUp, userVerified }
      : undefined
  } catch {
    return undefined
  }
}
