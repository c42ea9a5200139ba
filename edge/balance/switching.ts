import { createHash } from 'node:crypto'
import { AnswerReader, isText, isToken } from '../upstream/answer.ts'

/** What a core answers to who asks for a WebSocket: `isOpen`, and what came behind its head; or an answer of any other kind, whole. */
export type Switching = { isOpen: boolean; status: number; headers: string[]; rest: Buffer }

const headBytesMax = 16 * 1024
const bodyBytesMax = 64 * 1024
/** RFC 6455, 1.3 */
const purpose = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Reads it strictly, in one way only, as all answers are read. Before it has opened nothing of what the client says goes on. */
export class SwitchingReader {
  readonly #accept: string
  #kept: Buffer = Buffer.alloc(0)
  #other: { reader: AnswerReader; found: () => Switching | undefined } | undefined

  /** @param key what the client sent as Sec-WebSocket-Key */
  constructor(key: string) {
    this.#accept = createHash('sha1')
      .update(key + purpose)
      .digest('base64')
  }

  /** Undefined as long as it is not there whole. @throws Error when this is not an answer that can be read in one way only */
  read(chunk: Buffer): Switching | undefined {
    if (this.#other) {
      this.#other.reader.read(chunk)
      return this.#other.found()
    }
    this.#kept = Buffer.concat([this.#kept, chunk])
    const end = this.#kept.indexOf('\r\n\r\n', 0, 'latin1')
    if (end === -1) {
      if (this.#kept.length > headBytesMax) throw new Error('a head without an end')
      return undefined
    }
    const head = this.#kept.toString('latin1', 0, end)
    if (/^HTTP\/1\.1 101[ \r]/.test(head)) return this.#opened(head, this.#kept.subarray(end + 4))
    this.#other = readOther()
    return this.read(this.#kept)
  }

  #opened(head: string, rest: Buffer): Switching {
    const headers: string[] = []
    for (const line of head.split('\r\n').slice(1)) {
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon)).toLowerCase()
      const value = line.slice(colon + 1).trim()
      if (!isToken(name) || !isText(value)) throw new Error('a header that is none')
      headers.push(name, value)
    }
    const only = (name: string) => {
      const found = headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name)
      return found.length === 1 ? found[0] : undefined
    }
    if (only('upgrade')?.toLowerCase() !== 'websocket') throw new Error('another protocol')
    if (only('sec-websocket-accept') !== this.#accept) throw new Error('an answer to another key')
    if (headers.some((name, i) => i % 2 === 0 && ofBodies.has(name))) throw new Error('a WebSocket with a body')
    return { isOpen: true, status: 101, headers, rest }
  }
}

const ofBodies: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

function readOther(): { reader: AnswerReader; found: () => Switching | undefined } {
  const body: Buffer[] = []
  let bytes = 0
  let begun: { status: number; headers: string[] } | undefined
  let isWhole = false
  const reader = new AnswerReader({
    onHead: (status, headers) => {
      if (isWhole) throw new Error('an answer that nobody asked for')
      begun = { status, headers }
    },
    onBody: (chunk) => {
      bytes += chunk.length
      if (bytes > bodyBytesMax) throw new Error('an answer that is too long')
      body.push(Buffer.from(chunk))
    },
    onEnd: () => {
      isWhole = true
    },
    isBodyless: () => false,
  })
  return {
    reader,
    found: () => (isWhole && begun ? { isOpen: false, ...begun, rest: Buffer.concat(body) } : undefined),
  }
}
