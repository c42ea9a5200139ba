import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameWalk } from '../../../edge/balance/frames.ts'

/** A frame as a server writes it. */
function frame(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, 0x88) // looks like the head of a close frame
  if (bytes < 126) return Buffer.concat([Buffer.from([0x82, bytes]), payload])
  if (bytes < 65_536) return Buffer.concat([Buffer.from([0x82, 126, bytes >> 8, bytes & 0xff]), payload])
  const head = Buffer.alloc(10)
  head[0] = 0x82
  head[1] = 127
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return Buffer.concat([head, payload])
}

describe('frames of a WebSocket', () => {
  test('their ends are found, however the bytes are cut', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 125, 126, 127, 4096, 65_535, 65_536, 70_000), { maxLength: 6 })
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (frames, cuts) => {
        const all = frames.map(frame)
        const ends = new Set<number>([0])
        for (const part of all) ends.add(([...ends].at(-1) as number) + part.length)
        const bytes = Buffer.concat(all)
        const walk = new FrameWalk()
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const chunk = bytes.subarray(at, at + (cuts[i % cuts.length] as number))
          const whole = walk.pass(chunk)
          const end = at + chunk.length
          expect(ends.has(at + whole) || whole === 0).toBe(true)
          expect(walk.isBetween).toBe(ends.has(end))
          at = end
        }
        expect(walk.isBetween).toBe(true)
      }),
    )
  })
})
