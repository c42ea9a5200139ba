import { createHmac } from 'node:crypto'

const bytes = 32
const requestBytesMax = 65_536 // 2^19 bits

export type Drbg = {
  generate(length: number, additional?: Buffer): Buffer
  reseed(entropy: Buffer, additional?: Buffer): void
  /** How many requests since the last seed. */
  readonly requests: number
}

/**
 * HMAC_DRBG with SHA-256, NIST SP 800-90A Rev. 1, section 10.1.2. Instantiate with entropy of at least 256 bits, a nonce,
 * and a personalisation string.
 */
export function hmacDrbg(entropy: Buffer, nonce: Buffer, personalisation: Buffer): Drbg {
  let key: Buffer = Buffer.alloc(bytes, 0)
  let value: Buffer = Buffer.alloc(bytes, 1)
  let requests = 0
  update(Buffer.concat([entropy, nonce, personalisation]))

  return {
    generate(length, additional = Buffer.alloc(0)) {
      if (length > requestBytesMax) throw new RangeError(`at most ${requestBytesMax} bytes at once`)
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
    reseed(fresh, additional = Buffer.alloc(0)) {
      update(Buffer.concat([fresh, additional]))
      requests = 0
    },
    get requests() {
      return requests
    },
  }

  function update(provided: Buffer): void {
    key = mac(value, Buffer.of(0), provided)
    value = mac(value)
    if (provided.length === 0) return
    key = mac(value, Buffer.of(1), provided)
    value = mac(value)
  }

  function mac(...parts: Buffer[]): Buffer {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
}
