import type { Configuration, Provider } from 'oidc-provider'
import type { Host } from '../host.ts'
import { tokenEpochs } from './epochs.ts'

/** What follows from the token's keys, alike in every process and after every start. */
export type Secrets = { nonces: Buffer; cookies: string }

/** What a face lets the library do. */
export type Configure = (host: Host, secrets: Secrets, jwks: { keys: never[] }) => Configuration

export type OAuth = {
  /** Of this instant: made anew when the key that signs tokens, or the secrets that follow from the pepper, are others. */
  current(): Promise<Provider>
}

/**
 * The library behind a face. It costs a core half a second and 50 MB, so it is loaded by the first who asks for it; a core that
 * nobody asks for tokens does without.
 */
export function openOAuth(host: Host, issuer: string, load: () => Promise<{ configure: Configure }>): OAuth {
  let made: { of: string; provider: Promise<Provider> } | undefined
  return {
    async current() {
      const [epochs, pepper] = await Promise.all([tokenEpochs(host.keys), host.keys.active('hk-pepper')])
      const of = [pepper, ...epochs].join(' ')
      if (made?.of !== of) {
        const provider = make(epochs)
        made = { of, provider }
        provider.catch(() => {
          made = undefined
        })
      }
      return made.provider
    },
  }

  async function make(epochs: readonly string[]): Promise<Provider> {
    const [{ createProvider }, { configure }] = await Promise.all([import('./provider.ts'), load()])
    return createProvider(host, issuer, configure, epochs)
  }
}
