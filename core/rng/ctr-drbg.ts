import { createCipheriv } from 'node:crypto'
import { type Drbg, none, refuseTooLong, type Seed } from './drbg.ts'

const keyBytes = 32
const blockBytes = 16
const seedBytes = keyBytes + blockBytes
const zeros = Buffer.alloc(65_536 + blockBytes + seedBytes)
const derivationKey = Buffer.from(Array.from({ length: keyBytes }, (_, i) => i))

/**
 * CTR_DRBG with AES-256: NIST SP 800-90A Rev. 1, section 10.2.1. With the derivation function inputs may be of any length; without it
 * entropy is 48 bytes of full entropy, there is no nonce, and the rest is 48 bytes at most.
 */
export function ctrDrbg({ entropy, nonce, personalisation }: Seed, { derivation = true } = {}): Drbg {
  const key = Buffer.alloc(keyBytes)
  const counter = Buffer.alloc(blockBytes)
  let requests = 0
  seed(entropy, nonce, personalisation)

  return {
    generate(length, additional = none) {
      refuseTooLong(length)
      const provided = additional.length > 0 ? condition(additional) : none
      if (provided.length > 0) become(blocks(seedBytes), provided)
      // One call of the cipher for the output and the state after it: they are consecutive blocks.
      const wholeBytes = Math.ceil(length / blockBytes) * blockBytes
      const made = blocks(wholeBytes + seedBytes)
      become(made.subarray(wholeBytes), provided)
      requests++
      return made.subarray(0, length)
    },
    reseed(fresh, additional = none) {
      seed(fresh, additional)
      requests = 0
    },
    get requests() {
      return requests
    },
  }

  function seed(first: Uint8Array, ...others: Uint8Array[]): void {
    become(blocks(seedBytes), derivation ? derive(Buffer.concat([first, ...others])) : xored(first, ...others))
  }

  function condition(additional: Uint8Array): Buffer {
    return derivation ? derive(additional) : xored(additional)
  }

  /** The next blocks of the key stream; the counter is the last one used, so the first is of the number after it. */
  function blocks(length: number): Buffer {
    const cipher = createCipheriv('aes-256-ctr', key, plus(counter, 1))
    return cipher.update(zeros.subarray(0, length))
  }

  /** The state after a request: the next blocks with what was provided, in two parts. Overwrites the blocks. */
  function become(next: Buffer, provided: Uint8Array): void {
    for (let i = 0; i < provided.length; i++) next[i]! ^= provided[i]!
    next.copy(key, 0, 0, keyBytes)
    next.copy(counter, 0, keyBytes, seedBytes)
    next.fill(0, 0, seedBytes)
  }
}

function plus(counter: Buffer, count: number): Buffer {
  const sum = Buffer.from(counter)
  for (let at = sum.length - 1, carry = count; carry > 0 && at >= 0; at--) {
    carry += sum[at]!
    sum[at] = carry % 256
    carry = Math.floor(carry / 256)
  }
  return sum
}

/** @throws RangeError when there is more than a seed holds, which only the derivation function can take in */
function xored(...parts: Uint8Array[]): Buffer {
  const result = Buffer.alloc(seedBytes)
  for (const part of parts) {
    if (part.length > seedBytes) throw new RangeError(`at most ${seedBytes} bytes without the derivation function`)
    for (const [i, byte] of part.entries()) result[i]! ^= byte
  }
  return result
}

/** Block_Cipher_df (section 10.3.2): a seed out of an input of any length. */
function derive(input: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(input.length)
  head.writeUInt32BE(seedBytes, 4)
  const padding = Buffer.alloc(blockBytes - ((head.length + input.length) % blockBytes))
  padding[0] = 0x80
  const text = Buffer.concat([head, input, padding])
  const digests = [0, 1, 2].map((number) => lastBlock(Buffer.concat([numbered(number), text])))
  const [first, second, third] = digests as [Buffer, Buffer, Buffer]
  // A block that is enciphered again and again is what cipher block chaining makes of zeros.
  return chained(Buffer.concat([first, second]), third, zeros.subarray(0, seedBytes))
}

function numbered(number: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  block.writeUInt32BE(number)
  return block
}

/** BCC (section 10.3.3). */
function lastBlock(text: Buffer): Buffer {
  return chained(derivationKey, zeros.subarray(0, blockBytes), text).subarray(-blockBytes)
}

function chained(key: Buffer, iv: Uint8Array, text: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  cipher.setAutoPadding(false)
  return cipher.update(text)
}
