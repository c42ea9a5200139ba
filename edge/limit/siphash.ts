/**
 * HalfSipHash-2-4 with 64 bits out (Aumasson, Bernstein: SipHash, the variant of 32-bit words): who does not know the key cannot make two
 * names fall together. Of a text's characters the low eight bits count; names of networks and tokens are ASCII.
 */
export type SipHash = {
  /** Leaves the two halves of the hash in `low` and `high`: no allocation on the way of a request. */
  of(text: string): void
  low: number
  high: number
}

/** @param k0 and `k1`: the key, two words of 32 random bits */
export function createSipHash(k0: number, k1: number): SipHash {
  let v0 = 0
  let v1 = 0
  let v2 = 0
  let v3 = 0
  const hash: SipHash = { of, low: 0, high: 0 }
  return hash

  function of(text: string): void {
    const { length } = text
    v0 = k0
    v1 = k1 ^ 0xee
    v2 = 0x6c796765 ^ k0
    v3 = 0x74656462 ^ k1
    const whole = length & ~3
    for (let i = 0; i < whole; i += 4)
      absorb(
        (text.charCodeAt(i) & 0xff) |
          ((text.charCodeAt(i + 1) & 0xff) << 8) |
          ((text.charCodeAt(i + 2) & 0xff) << 16) |
          (text.charCodeAt(i + 3) << 24),
      )
    let last = length << 24
    for (let i = length - 1; i >= whole; i--) last |= (text.charCodeAt(i) & 0xff) << ((i & 3) * 8)
    absorb(last)
    v2 ^= 0xee
    for (let i = 0; i < 4; i++) round()
    hash.low = v1 ^ v3
    v1 ^= 0xdd
    for (let i = 0; i < 4; i++) round()
    hash.high = v1 ^ v3
  }

  function absorb(word: number): void {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  function round(): void {
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
  }
}
