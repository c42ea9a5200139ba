/** Numbers of one stream, in order. */
export type Stream = {
  /** A number from 0 to range - 1, each equally likely. Range is a whole number, at most 2^32. */
  draw(range: number): number
  /** So many numbers of 32 bits as they come, unscaled: for laboratories. */
  words(count: number): Uint32Array
}

export const wordBytes = 4
const wordValues = 2 ** 32

/** Scales the numbers of 32 bits that a generator gives, some at a time. Each is used once and overwritten when it is. */
export function createStream(take: () => Uint32Array): Stream {
  let buffer = take()
  let next = 0
  const word = () => {
    if (next === buffer.length) {
      buffer = take()
      next = 0
    }
    const value = buffer[next]!
    buffer[next++] = 0
    return value
  }
  return {
    draw(range) {
      if (!(range >= 1 && range <= wordValues && Number.isInteger(range))) throw new RangeError(`no range: ${range}`)
      // Rejection: what lies beyond the last full multiple of the range is drawn again, so no value is favoured [CR-11].
      const limit = wordValues - (wordValues % range)
      for (;;) {
        const value = word()
        if (value < limit) return value % range
      }
    },
    words: (count) => Uint32Array.from({ length: count }, word),
  }
}

/** The same bytes, where they lie well for it, or a copy. */
export function asWords(bytes: Uint8Array): Uint32Array {
  const count = Math.floor(bytes.length / wordBytes)
  if (bytes.byteOffset % wordBytes === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  return new Uint32Array(Uint8Array.from(bytes.subarray(0, count * wordBytes)).buffer)
}
