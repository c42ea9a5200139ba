/**
 * Where the frames of a server's WebSocket end (RFC 6455, 5.2), as its bytes pass by; nothing is kept of them. So something may be said in
 * between.
 */
export class FrameWalk {
  #head: number[] = []
  #left = 0

  /** Does no frame hang over, so that another may begin here? */
  get isBetween(): boolean {
    return this.#left === 0 && this.#head.length === 0
  }

  /** Answers how many of these bytes end with a frame. */
  pass(chunk: Buffer): number {
    let at = 0
    let whole = 0
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
