/** Hears the answers of one connection, one after the other. */
export type AnswerEar = {
  /** A final head; interim ones (1xx) are passed over. Answers whether the answer has no body, whatever its head says (HEAD). */
  onHead(status: number, headers: string[], length: number): void
  /** Valid during the call only: the bytes lie in a buffer that is read into again. */
  onBody(chunk: Buffer): void
  /** `closing`: the other side takes no more requests on this connection. */
  onEnd(closing: boolean): void
  /** Has the answer that comes next no body, because HEAD was asked? */
  isBodyless(): boolean
}

const headBytesMax = 32 * 1024
const none = Buffer.alloc(0)

/** Of unknown length: it comes in chunks. */
const inChunks = -1

/**
 * Reads HTTP/1.1 answers strictly, in one way only (RFC 9112): a core is ours, and what it says is still taken apart only where its
 * framing is beyond doubt. An answer without a length and without chunks is refused, and so is everything that could be read twice.
 */
export class AnswerReader {
  #ear: AnswerEar
  /** Bytes of a head, a size of a chunk or a trailer that did not come whole. */
  #kept: Buffer = none
  #stage: 'head' | 'body' | 'size' | 'chunk' | 'chunk end' | 'trailer' = 'head'
  #left = 0
  #closing = false

  constructor(ear: AnswerEar) {
    this.#ear = ear
  }

  /** Is nothing of an answer there that has not ended? */
  get isBetween(): boolean {
    return this.#stage === 'head' && this.#kept.length === 0
  }

  /** @throws Error when this is not an answer that can be read in one way only */
  read(chunk: Buffer): void {
    let bytes = chunk
    if (this.#kept.length > 0) {
      bytes = Buffer.concat([this.#kept, chunk])
      this.#kept = none
    }
    let at = 0
    while (at < bytes.length) {
      const next =
        this.#stage === 'body' || this.#stage === 'chunk' ? this.#readBody(bytes, at) : this.#readText(bytes, at)
      if (next === at) {
        if (bytes.length - at > headBytesMax) throw new Error('a head without an end')
        this.#kept = Buffer.from(bytes.subarray(at)) // a copy: what is read into is read into again
        return
      }
      at = next
    }
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    this.#ear.onBody(bytes.subarray(at, end))
    if (this.#left === 0) {
      if (this.#stage === 'body') this.#end()
      else this.#stage = 'chunk end'
    }
    return end
  }

  /** Reads what ends with a line end, if it is there whole; answers where it ended, or where it was. */
  #readText(bytes: Buffer, at: number): number {
    if (this.#stage === 'head') {
      const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
      if (end === -1) return at
      this.#readHead(bytes.toString('latin1', at, end + 2))
      return end + 4
    }
    const end = bytes.indexOf('\r\n', at, 'latin1')
    if (end === -1) return at
    const line = bytes.toString('latin1', at, end)
    if (this.#stage === 'size') {
      if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error('a chunk without a plain size')
      this.#left = Number.parseInt(line, 16)
      this.#stage = this.#left === 0 ? 'trailer' : 'chunk'
    } else {
      if (line !== '') throw new Error(this.#stage === 'trailer' ? 'a trailer' : 'a chunk longer than its size')
      if (this.#stage === 'trailer') this.#end()
      else this.#stage = 'size'
    }
    return end + 2
  }

  #end(): void {
    this.#stage = 'head'
    this.#ear.onEnd(this.#closing)
  }

  /** `text` has a line end behind each line. */
  #readHead(text: string): void {
    if (!/^HTTP\/1\.1 [1-5]\d\d[ \r]/.test(text)) throw new Error('this is not an answer in HTTP/1.1')
    const status = Number(text.slice(9, 12))
    const headers: string[] = []
    let length: number | undefined
    this.#closing = false
    for (let at = text.indexOf('\r\n') + 2; at < text.length; ) {
      const end = text.indexOf('\r\n', at)
      const colon = text.indexOf(':', at)
      if (colon <= at || colon > end) throw new Error('a header without a name')
      const name = text.slice(at, colon).toLowerCase()
      const value = text.slice(colon + 1, end).trim()
      if (!isToken(name) || !isText(value)) throw new Error('a header that is none')
      if (name === 'content-length') {
        if (length !== undefined || !/^(0|[1-9]\d{0,14})$/.test(value)) throw new Error('a length in doubt')
        length = Number(value)
      } else if (name === 'transfer-encoding') {
        if (length !== undefined || value.toLowerCase() !== 'chunked') throw new Error('a length in doubt')
        length = inChunks
      } else if (name === 'connection') this.#closing = value.toLowerCase().includes('close')
      headers.push(name, value)
      at = end + 2
    }
    if (status < 200) {
      if (status === 101) throw new Error('nobody asked for another protocol')
      return
    }
    const bodyless = this.#ear.isBodyless() || status === 204 || status === 304
    if (!bodyless && length === undefined) throw new Error('an answer without a length')
    this.#ear.onHead(status, headers, bodyless ? 0 : length!)
    if (bodyless || length === 0) {
      this.#end()
      return
    }
    this.#stage = length === inChunks ? 'size' : 'body'
    this.#left = length!
  }
}

export function isToken(name: string): boolean {
  return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
}

export function isText(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}
