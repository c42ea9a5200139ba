const headEnd = '\r\n\r\n'
const switching = 'HTTP/1.1 101'
const handshakeBytesMax = 16 * 1024

/**
 * Where the frames of a server's WebSocket end (RFC 6455, 5.2), as its bytes pass by; nothing is kept of them. So something may be said in
 * between. What was answered with anything but 101 has no frames.
 */
export class FrameWalk {
  #handshake: string | undefined = ''
  #isWebSocket = false
  #head: number[] = []
  #left = 0

  get isWebSocket(): boolean {
    return this.#isWebSocket
  }

  /** Does no frame hang over, so that another may begin here? */
  get isBetween(): boolean {
    return this.#isWebSocket && this.#left === 0 && this.#head.length === 0
  }

  /** Answers how many of these bytes end with a frame, or with the answer to the handshake. */
  pass(chunk: Buffer): number {
    let at = this.#handshake === undefined ? 0 : this.#passHandshake(chunk)
    if (!this.#isWebSocket) return chunk.length
    let whole = this.isBetween ? at : 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at)
        this.#left -= taken
        at += taken
      } else {
        this.#head.push(chunk[at++] as number)
        this.#readHead()
      }
      if (this.isBetween) whole = at
    }
    return whole
  }

  #passHandshake(chunk: Buffer): number {
    const before = this.#handshake?.length ?? 0
    const text = this.#handshake + chunk.toString('latin1')
    const end = text.indexOf(headEnd)
    this.#handshake = end === -1 && text.length < handshakeBytesMax ? text : undefined
    this.#isWebSocket = end !== -1 && text.startsWith(switching)
    return end === -1 ? chunk.length : end + headEnd.length - before
  }

  #readHead(): void {
    const second = this.#head[1]
    if (second === undefined) return
    const short = second & 0x7f
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0
    if (this.#head.length < 2 + extra) return
    const bytes = Buffer.from(this.#head.slice(2))
    this.#left = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE() : Number(bytes.readBigUInt64BE())
    this.#head = []
  }
}

/** The close frame of a server that restarts: 1012, of the registry that RFC 6455, 11.7 began. */
export const restartFrame = Buffer.from([0x88, 2, 0x03, 0xf4])
