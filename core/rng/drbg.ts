/** A deterministic random bit generator as NIST SP 800-90A Rev. 1 has it, of 256 bits of strength. */
export type Drbg = {
  /** @throws RangeError beyond 65,536 bytes, which is what the standard allows at once */
  generate(length: number, additional?: Uint8Array): Buffer
  reseed(entropy: Uint8Array, additional?: Uint8Array): void
  /** How many requests since the last seed. */
  readonly requests: number
}

/** What an instance begins with: entropy of at least 256 bits, a nonce of half as many, and whose instance it is. */
export type Seed = { entropy: Uint8Array; nonce: Uint8Array; personalisation: Uint8Array }

export const none = Buffer.alloc(0)
const requestBytesMax = 65_536 // 2^19 bits

export function refuseTooLong(length: number): void {
  if (length > requestBytesMax) throw new RangeError(`at most ${requestBytesMax} bytes at once`)
}
