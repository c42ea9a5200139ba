import { createHmac } from 'node:crypto'
import { type Drbg, none, refuseTooLong, type Seed } from './drbg.ts'

const bytes = 32

/** HMAC_DRBG with SHA-256: NIST SP 800-90A Rev. 1, section 10.1.2. */
export function hmacDrbg({ entropy, nonce, personalisation }: Seed): Drbg {
  let key: Buffer = Buffer.alloc(bytes, 0)
  let value: Buffer = Buffer.alloc(bytes, 1)
  let requests = 0
  update(Buffer.concat([entropy, nonce, personalisation]))

  return {
    generate(length, additional = none) {
      refuseTooLong(length)
      if (additional.length > 0) update(additional)
      const output = Buffer.alloc(length)
      for (let filled = 0; filled < length; filled += bytes) {
        value = mac(value)
        value.copy(output, filled)
      }
      update(additional)
      requests++
      return output
    },
    reseed(fresh, additional = none) {
      update(Buffer.concat([fresh, additional]))
      requests = 0
    },
    get requests() {
      return requests
    },
  }

  function update(provided: Uint8Array): void {
    key = mac(value, Buffer.of(0), provided)
    value = mac(value)
    if (provided.length === 0) return
    key = mac(value, Buffer.of(1), provided)
    value = mac(value)
  }

  function mac(...parts: Uint8Array[]): Buffer {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
}
