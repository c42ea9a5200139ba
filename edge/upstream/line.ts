import type { TLSSocket } from 'node:tls'
import { AnswerReader } from './answer.ts'
import type { Hearing, Leg, Outgoing } from './upstream.ts'

/** A request that waits for a line, or for its answer on one. */
export class Asked implements Leg {
  hearing: Hearing
  readonly text: string
  readonly isHead: boolean
  readonly lane: number | undefined
  /** On the clock of `performance.now`. */
  sentMs = 0
  line: Line | undefined
  readonly #drop: (asked: Asked) => void

  /** `drop` takes it from where it waits for a line. */
  constructor(host: string, outgoing: Outgoing, hearing: Hearing, drop: (asked: Asked) => void) {
    this.text = textOf(host, outgoing)
    this.isHead = outgoing.method === 'HEAD'
    this.lane = outgoing.lane
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
    if (this.hearing === deaf) return // over already
    if (this.line) this.line.callOff(this)
    else this.#drop(this)
    this.over().failed(new Error('called off'))
  }

  /** Who is to be told of the end, as the last thing. */
  over(): Hearing {
    const { hearing } = this
    this.hearing = deaf
    return hearing
  }
}

/** For whom an answer is read that nobody waits for any more. */
const deaf: Hearing = { sent() {}, answered() {}, data() {}, ended() {}, failed() {} }

/** Who gives lines their work. */
export type LineOwner = {
  /** An answer has ended, or the line is no more. */
  onFree(line: Line): void
  /** What can be repeated is sent anew: its line ended because of another. */
  again(asked: Asked): void
}

/**
 * One kept connection to a core. What is asked in one turn of the event loop goes out in one write, and so in one TLS record and one
 * system call; answers come in the order of the requests (RFC 9112, 9.3.2).
 */
export class Line {
  readonly #socket: TLSSocket
  readonly #waiting: Asked[] = []
  readonly #reader: AnswerReader
  readonly #owner: LineOwner
  #outgoing = ''
  #isClosing = false
  #isLost = false
  #isPaused = false
  #left = 0
  /** When bytes last came, or the line began to wait for some; on the clock of `performance.now`. */
  heardMs = performance.now()

  constructor(socket: TLSSocket, owner: LineOwner) {
    this.#socket = socket
    this.#owner = owner
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

  /** Nothing is under way on it, or only what is of the same lane; then who is answered next must have been sent after `sinceMs`. */
  takes(lane: number | undefined, sinceMs: number): boolean {
    const next = this.#waiting[0]
    if (next === undefined) return !this.#isClosing
    return lane !== undefined && lane === next.lane && !this.#isClosing && !this.#isPaused && next.sentMs > sinceMs
  }

  send(asked: Asked, nowMs: number): void {
    asked.line = this
    asked.sentMs = nowMs
    asked.hearing.sent()
    if (this.#waiting.length === 0) this.heardMs = nowMs
    this.#waiting.push(asked)
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

  /** Whoever has others behind takes what comes, or they would wait for the slowest client. */
  pause(asked: Asked): void {
    if (this.#waiting.length > 1 || this.#waiting[0] !== asked) return
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
    this.#owner.onFree(this)
    for (const asked of lost) {
      asked.line = undefined
      asked.over().failed(error)
    }
  }

  /** Nobody waits for this one any more. If it is the next to be answered, the line ends, and those behind it go another way. */
  callOff(asked: Asked): void {
    if (this.#waiting[0] !== asked) return
    asked.line = undefined
    const others = this.#waiting.splice(0).slice(1)
    this.lose(new Error('called off'))
    for (const other of others) {
      other.line = undefined
      this.#owner.again(other)
    }
  }

  #flush = (): void => {
    if (!this.#isLost) this.#socket.write(this.#outgoing, 'latin1')
    this.#outgoing = ''
  }

  #end(closing: boolean): void {
    const asked = this.#answered()
    // Held back in the middle of a read that brought the end, too: nobody would let go any more.
    this.resume(asked)
    this.#waiting.shift()
    asked.line = undefined
    if (closing) this.close()
    asked.over().ended()
    if (!this.#isLost) this.#owner.onFree(this)
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
