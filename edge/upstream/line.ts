import type { TLSSocket } from 'node:tls'
import { AnswerReader } from './answer.ts'
import type { Hearing, Leg, Outgoing } from './upstream.ts'

/** A request that waits for a line, or for its answer on one. */
export class Asked implements Leg {
  readonly hearing: Hearing
  readonly text: string
  readonly isHead: boolean
  readonly shares: boolean
  readonly askedMs = performance.now()
  line: Line | undefined
  readonly #drop: (asked: Asked) => void

  /** `drop` takes it from where it waits for a line. */
  constructor(host: string, outgoing: Outgoing, hearing: Hearing, drop: (asked: Asked) => void) {
    this.text = textOf(host, outgoing)
    this.isHead = outgoing.method === 'HEAD'
    this.shares = outgoing.shares
    this.hearing = hearing
    this.#drop = drop
  }

  pause(): void {
    this.line?.pause(this)
  }

  resume(): void {
    this.line?.resume(this)
  }

  abort(): void {
    const error = new Error('called off')
    if (this.line) this.line.lose(error)
    else {
      this.#drop(this)
      this.hearing.failed(error)
    }
  }
}

/**
 * One kept connection to a core. What is asked in one turn of the event loop goes out in one write, and so in one TLS record and one
 * system call; answers come in the order of the requests (RFC 9112, 9.3.2).
 */
export class Line {
  readonly #socket: TLSSocket
  readonly #waiting: Asked[] = []
  readonly #reader: AnswerReader
  readonly #onFree: (line: Line) => void
  #outgoing = ''
  #isExclusive = false
  #isClosing = false
  #isLost = false
  #isPaused = false
  #left = 0
  /** When bytes last came, or the line began to wait for some; on the clock of `performance.now`. */
  heardMs = performance.now()

  /** `onFree` hears each time an answer has ended, and when the line is no more. */
  constructor(socket: TLSSocket, onFree: (line: Line) => void) {
    this.#socket = socket
    this.#onFree = onFree
    this.#reader = new AnswerReader({
      onHead: (status, headers, length) => {
        this.#left = length
        this.#answered().hearing.answered(status, headers)
      },
      onBody: (chunk) => {
        this.#left -= chunk.length
        // A copy, because what is read into is read into again.
        this.#answered().hearing.data(Buffer.from(chunk), this.#left === 0)
      },
      onEnd: (closing) => this.#end(closing),
      isBodyless: () => this.#answered().isHead,
    })
    socket.on('error', (error) => this.lose(error))
    socket.on('close', () => this.lose(new Error('the core closed the connection')))
  }

  get inFlight(): number {
    return this.#waiting.length
  }

  /** Has the core begun an answer, and is it the core that is waited for? */
  get isAnswering(): boolean {
    return !this.#reader.isBetween && !this.#isPaused
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** May a request go on it that waits for nobody, or only shortly? `sinceMs`: who is answered next must have asked later than that. */
  takes(shares: boolean, sinceMs: number): boolean {
    const next = this.#waiting[0]
    if (next === undefined) return !this.#isClosing
    return shares && !this.#isClosing && !this.#isExclusive && next.askedMs > sinceMs
  }

  send(asked: Asked): void {
    asked.line = this
    asked.hearing.sent()
    if (this.#waiting.length === 0) this.heardMs = asked.askedMs
    this.#waiting.push(asked)
    this.#isExclusive = !asked.shares
    if (this.#outgoing === '') setImmediate(this.#flush)
    this.#outgoing += asked.text
  }

  /** Bytes from the core. */
  read(chunk: Buffer): void {
    this.heardMs = performance.now()
    try {
      this.#reader.read(chunk)
    } catch (error) {
      this.lose(error as Error)
    }
  }

  /** Whoever shares a line takes what comes, or those behind would wait for the slowest client. */
  pause(asked: Asked): void {
    if (!this.#isExclusive || this.#waiting[0] !== asked) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(asked: Asked): void {
    if (!this.#isPaused || this.#waiting[0] !== asked) return
    this.#isPaused = false
    this.heardMs = performance.now()
    this.#socket.resume()
  }

  /** Takes nothing more, and ends once all is answered. */
  close(): void {
    this.#isClosing = true
    if (this.#waiting.length === 0) this.lose(new Error('the line is closed'))
  }

  /** Ends the connection, and with it all that waits on it. */
  lose(error: Error): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#isClosing = true
    this.#socket.destroy()
    const lost = this.#waiting.splice(0)
    this.#onFree(this)
    for (const asked of lost) {
      asked.line = undefined
      asked.hearing.failed(error)
    }
  }

  #flush = (): void => {
    if (!this.#isLost) this.#socket.write(this.#outgoing, 'latin1')
    this.#outgoing = ''
  }

  #end(closing: boolean): void {
    const asked = this.#answered()
    this.#waiting.shift()
    asked.line = undefined
    if (closing) this.close()
    asked.hearing.ended()
    if (!this.#isLost) this.#onFree(this)
  }

  /** Whose answer is being read. @throws Error when nobody waits for one, or not any more */
  #answered(): Asked {
    const asked = this.#waiting[0]
    if (!asked) throw new Error('an answer that nobody waits for')
    return asked
  }
}

/** Bytes of a body go as they are: each is one character here, and one byte again on the line. */
function textOf(host: string, { method, path, headers, body }: Outgoing): string {
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return body.length === 0 ? `${text}\r\n` : `${text}\r\n${body.toString('latin1')}`
}
