import { Provider } from 'oidc-provider'
import type { Host } from '../host.ts'
import { observeTokens } from './audit.ts'
import type { Configure } from './oauth.ts'
import { signingKeyOf } from './signing-keys.ts'

/** A provider with the keys of the token as they are; the first of the epochs signs, all are published. */
export async function createProvider(
  host: Host,
  issuer: string,
  configure: Configure,
  epochs: readonly string[],
): Promise<Provider> {
  const keys = await Promise.all(epochs.map((epoch) => signingKeyOf(host.keys, epoch)))
  const derive = (purpose: string) => host.keys.mac('hk-pepper', Buffer.from(`${issuer} ${purpose}`))
  const [nonces, cookies] = await Promise.all([derive('nonces of proofs'), derive('signatures of cookies')])
  const secrets = { nonces, cookies: cookies.toString('base64url') }
  const provider = new Provider(issuer, configure(host, secrets, { keys: keys as never[] }))
  provider.proxy = true // the edge says under which name it was asked
  observeTokens(host, provider)
  return provider
}
