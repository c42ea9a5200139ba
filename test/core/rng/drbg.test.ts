import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ctrDrbg, hmacDrbg } from '#rng'

/** A vector of NIST's ACVP server (1.1.0.43), byte strings in Base64. */
type Vector = {
  set: string
  id: string
  /** With the derivation function, where it is CTR_DRBG. */
  df?: boolean
  predictionResistance: boolean
  entropy: string
  nonce: string
  personalisation: string
  steps: Array<[use: 'reseed' | 'generate', entropy: string, additional: string]>
  returned: string
}

const vectors: Vector[] = gunzipSync(readFileSync(join(import.meta.dirname, 'drbg-vectors.jsonl.gz')))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

const bytes = (text: string) => Buffer.from(text, 'base64')

/** The last output counts; those before it are thrown away, and a request with prediction resistance is a reseed before it. */
function answerTo(vector: Vector): Buffer {
  const seed = {
    entropy: bytes(vector.entropy),
    nonce: bytes(vector.nonce),
    personalisation: bytes(vector.personalisation),
  }
  const drbg = vector.df === undefined ? hmacDrbg(seed) : ctrDrbg(seed, { derivation: vector.df })
  let output = Buffer.alloc(0)
  for (const [use, entropy, additional] of vector.steps) {
    const fresh = use === 'reseed' || vector.predictionResistance
    if (fresh) drbg.reseed(bytes(entropy), bytes(additional))
    if (use === 'generate')
      output = Buffer.from(drbg.generate(bytes(vector.returned).length, fresh ? undefined : bytes(additional)))
  }
  return output
}

describe('the generators of NIST SP 800-90A Rev. 1 give what NIST publishes [GLI-3.3.1] [GLI-3.3.2a]', () => {
  const mechanisms = {
    'HMAC_DRBG, SHA-256': [vectors.filter(({ df }) => df === undefined), 90],
    'CTR_DRBG, AES-256, with the derivation function': [vectors.filter(({ df }) => df === true), 90],
    'CTR_DRBG, AES-256, without it': [vectors.filter(({ df }) => df === false), 60],
  } as const
  for (const [name, [chosen, count]] of Object.entries(mechanisms))
    test(`${name}: ${count} of ${count} vectors, with prediction resistance and reseeds and without`, () => {
      expect(chosen).toHaveLength(count)
      expect(chosen.some(({ predictionResistance }) => predictionResistance)).toBe(true)
      expect(chosen.some(({ predictionResistance }) => !predictionResistance)).toBe(true)
      for (const vector of chosen)
        expect(answerTo(vector).equals(bytes(vector.returned)), `${vector.set} ${vector.id}`).toBe(true)
    })
})

describe('every mechanism', () => {
  const seed = { entropy: Buffer.alloc(48, 1), nonce: Buffer.alloc(16, 2), personalisation: Buffer.from('test') }
  const unconditioned = { ...seed, nonce: Buffer.alloc(0) }
  const mechanisms = {
    HMAC_DRBG: () => hmacDrbg(seed),
    CTR_DRBG: () => ctrDrbg(seed),
    'CTR_DRBG without derivation': () => ctrDrbg(unconditioned, { derivation: false }),
  }
  for (const [name, open] of Object.entries(mechanisms))
    test(`${name}: a reseed changes what follows, counts begin anew, and no request is longer than the standard allows [GLI-3.3.2c]`, () => {
      const [one, two] = [open(), open()]
      expect(one.generate(64)).toEqual(two.generate(64))
      expect(one.requests).toBe(1)
      one.reseed(Buffer.alloc(48, 3))
      expect(one.requests).toBe(0)
      expect(one.generate(64)).not.toEqual(two.generate(64))
      expect(one.generate(65_536)).toHaveLength(65_536)
      expect(() => one.generate(65_537)).toThrow(RangeError)
    })

  test('without the derivation function more than a seed holds is refused, not cut off', () => {
    const long = Buffer.alloc(49)
    expect(() => ctrDrbg({ ...unconditioned, personalisation: long }, { derivation: false })).toThrow(RangeError)
    expect(() => ctrDrbg(unconditioned, { derivation: false }).generate(16, long)).toThrow(RangeError)
  })
})
