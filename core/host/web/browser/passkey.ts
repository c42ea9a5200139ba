import { Problem } from './api.ts'

type Described = { id: string; type: string; transports?: string[] }
export type CreationOptions = {
  challenge: string
  user: { id: string; name: string; displayName: string }
  excludeCredentials?: Described[]
}
export type RequestOptions = { challenge: string; allowCredentials?: Described[] }

/** Whether this browser can do it at all. */
export const passkeysWork = 'PublicKeyCredential' in window

/** The person closed the browser's dialog, or took too long. */
export class Declined extends Problem {
  constructor(words: string) {
    super({ detail: words, code: 'passkey.declined' }, 0)
  }
}

/** Has the browser make a passkey; answers what the API takes. @throws Declined */
export async function createPasskey(options: CreationOptions): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: options.excludeCredentials?.map(described) ?? [],
  } as unknown as PublicKeyCredentialCreationOptions
  const made = await asked(() => navigator.credentials.create({ publicKey }))
  const response = made.response as AuthenticatorAttestationResponse
  return message(made, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports(),
  })
}

/** Has the browser use one; answers what the API takes. @throws Declined */
export async function askPasskey(options: RequestOptions): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: options.allowCredentials?.map(described) ?? [],
  } as unknown as PublicKeyCredentialRequestOptions
  const used = await asked(() => navigator.credentials.get({ publicKey }))
  const response = used.response as AuthenticatorAssertionResponse
  return message(used, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  })
}

async function asked(dialog: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await dialog().catch((error: DOMException) => {
    if (error.name === 'InvalidStateError') throw new Declined('This device has a passkey for you already.')
    throw new Declined('No passkey was used. Try again, or choose another way.')
  })
  if (!credential) throw new Declined('No passkey was used. Try again, or choose another way.')
  return credential as PublicKeyCredential
}

function message(credential: PublicKeyCredential, response: object): object {
  return { id: credential.id, rawId: credential.id, type: credential.type, response, clientExtensionResults: {} }
}

function described({ id, ...rest }: Described) {
  return { ...rest, id: bytes(id) }
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function text(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
