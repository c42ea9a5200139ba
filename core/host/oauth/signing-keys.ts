import { createHash, type KeyObject } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import type { Keys } from '#keys'
import { inOAuth } from './adapter.ts'

/** A key of the token as the library signs with it: ES256 over what the agent is asked to sign. */
export async function signingKeyOf(keys: Keys, epoch: string): Promise<ExternalSigningKey> {
  return new TokenKey(keys, epoch, await keys.publicKey(epoch))
}

class TokenKey extends ExternalSigningKey {
  readonly #keys: Keys
  readonly #epoch: string
  readonly #publicKey: KeyObject

  constructor(keys: Keys, epoch: string, publicKey: KeyObject) {
    super()
    this.#keys = keys
    this.#epoch = epoch
    this.#publicKey = publicKey
  }

  override get kid(): string {
    return this.#epoch
  }

  override get alg(): string {
    return 'ES256'
  }

  override keyObject(): KeyObject {
    return this.#publicKey
  }

  override async sign(data: Buffer): Promise<Buffer> {
    return inOAuth(() => this.#keys.sign(this.#epoch, createHash('sha256').update(data).digest()))
  }
}
