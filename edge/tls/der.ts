/** An element of DER (X.690): its tag, what stands in it, and all of it. */
export type Element = { type: number; body: Buffer; whole: Buffer }

export const tags = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const

/** The elements that stand one after the other. @throws Error where their lengths do not add up */
export function elements(der: Buffer = Buffer.alloc(0)): Element[] {
  const found: Element[] = []
  for (let at = 0; at < der.length; ) {
    const type = der[at]!
    let length = der[at + 1] ?? 0
    let begin = at + 2
    if (length >= 0x80) {
      const bytes = length - 0x80
      if (bytes < 1 || bytes > 4 || begin + bytes > der.length) throw new Error('a length of DER is none')
      length = der.readUIntBE(begin, bytes)
      begin += bytes
    }
    if (begin + length > der.length) throw new Error('DER ends before it is over')
    found.push({ type, body: der.subarray(begin, begin + length), whole: der.subarray(at, begin + length) })
    at = begin + length
  }
  return found
}

/** One element of these. */
export function element(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([type, body.length]), body])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length) // nothing of ours is longer
  return Buffer.concat([Buffer.from([type, 0x82]), length, body])
}
