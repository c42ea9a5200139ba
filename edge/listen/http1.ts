import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex, Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import { newRequestId } from '../ids.ts'
import { refusals } from '../metrics.ts'
import { type Problem, problem, tooSlow } from '../problem.ts'
import { type Exchange, headerIn, type RequestHead } from './exchange.ts'
import { endSoon, refusalText } from './farewell.ts'
import { Hearing } from './hearing.ts'
import type { Taking } from './listener.ts'
import { Queue } from './queue.ts'

export type Http1 = {
  /** Every answer from now on is the last one of its connection, or no longer. */
  dismiss(on: boolean): void
}

type Limits = Pick<EdgeConfig['limits'], 'requestSecondsMax' | 'answerSecondsMax'>

const lookEveryMs = 500

/**
 * Makes exchanges of what a server reads as HTTP/1.1. A request that was taken has its answer, whatever comes behind it on its connection: what cannot
 * be read, what is not taken any more, or the wish for another protocol. One clock goes round for what is under way.
 */
export function speakHttp1(
  server: Server,
  face: Face,
  limits: Limits,
  addressOf: (socket: Duplex) => string,
  { take, refuse, unread, upgrade }: Taking,
): Http1 {
  const queues = new WeakMap<Duplex, Queue<Http1Exchange>>() // of connections that something is under way on
  const open = new Set<Http1Exchange>()
  let draining = false

  server.on('request', (request, response) => begin(request, response, take))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    begin(request, response, (exchange) => {
      response.writeContinue()
      take(exchange)
    }),
  )
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    begin(request, response, (exchange) => refuse(exchange, unmet)),
  )
  if (upgrade)
    server.on('upgrade', (request, stream, head) => {
      const { socket } = request // of one with a body `stream` is another
      const queue = queues.get(socket)
      if (queue === undefined) return upgrade(request, stream, head, addressOf(socket))
      stream.on('error', () => socket.destroy())
      queue.end(lastWord(socket, notAlone))
    })
  server.on('clientError', onClientError)
  const clock = setInterval(look, lookEveryMs)
  clock.unref()
  server.once('close', () => clearInterval(clock))
  return {
    dismiss(on) {
      draining = on
    },
  }

  function begin(request: IncomingMessage, response: ServerResponse, then: (exchange: Exchange) => void): void {
    const { socket } = request
    let queue = queues.get(socket)
    if (queue?.isEnding) return // behind the last: nobody would hear what became of it
    if (queue === undefined) {
      queue = new Queue(socket)
      queues.set(socket, queue)
    }
    const exchange = new Http1Exchange({ face, request, response, address: addressOf(socket), queue, isLast, settle })
    queue.enter(exchange)
    open.add(exchange)
    then(exchange)
  }

  function isLast(): boolean {
    return draining
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const queue = queues.get(socket)
    if (queue) {
      queue.end()
      return
    }
    const ended = new Queue<Http1Exchange>(socket)
    ended.end() // who was too slow may say the rest yet
    queues.set(socket, ended)
    endSoon(socket, lastWord(socket, problemOfParser(error)))
  }

  /** What is said of something that is no request of its own. */
  function lastWord(socket: Duplex, found: Problem): string {
    const requestId = newRequestId()
    unread(addressOf(socket), requestId, found)
    return refusalText(found, requestId)
  }

  function settle(exchange: Http1Exchange, queue: Queue<Http1Exchange>): void {
    open.delete(exchange)
    if (queue.leave()) queues.delete(exchange.socket)
  }

  /** Node's own timers end no connection that waits for an answer, and none that waits for its reader. */
  function look(): void {
    const now = performance.now()
    for (const exchange of open) {
      if (exchange.socket.destroyed) exchange.lose()
      else if (!exchange.read && now - exchange.startedMs > limits.requestSecondsMax * 1000) exchange.tooSlow()
      else if (exchange.answersSince(now) > limits.answerSecondsMax * 1000) {
        refusals.inc({ code: 'edge.too_slow_to_hear' })
        exchange.socket.destroy()
      }
    }
  }
}

const unmet = problem(417, 'edge.expectation', 'Nothing but 100-continue is expected here.')
const notAlone = problem(400, 'edge.upgrade', 'Wait for all answers before you ask for another protocol.')

/** The head of a request that becomes something else than an exchange, such as a WebSocket. */
export function headOf(request: IncomingMessage): RequestHead {
  const { httpVersion: version, method = '', url: target = '', rawHeaders } = request
  return { version, method, target, rawHeaders }
}

function problemOfParser(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'HPE_HEADER_OVERFLOW') return problem(431, 'edge.headers_too_large', 'The headers are too large.')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow
  return problem(400, 'edge.malformed', 'This is not a request that can be read in one way only.')
}

const textBytesMax = 8 * 1024

class Http1Exchange implements Exchange {
  readonly trailed = false // chunks are not taken, and nothing else has trailers
  readonly face: Face
  readonly requestId = newRequestId()
  readonly startedMs = performance.now()
  readonly address: string
  readonly socket: TLSSocket
  readonly version: string
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #queue: Queue<Http1Exchange>
  readonly #isLast: () => boolean
  readonly #settle: (exchange: Http1Exchange, queue: Queue<Http1Exchange>) => void
  also: readonly string[] = []
  #whenGone: (() => void) | undefined
  #whenTooSlow: (() => void) | undefined
  #whenOver: (() => void) | undefined
  readonly #hearing = new Hearing()
  #isOver = false

  constructor(begun: {
    face: Face
    request: IncomingMessage
    response: ServerResponse
    address: string
    queue: Queue<Http1Exchange>
    isLast: () => boolean
    settle: (exchange: Http1Exchange, queue: Queue<Http1Exchange>) => void
  }) {
    const { request, response } = begun
    this.face = begun.face
    this.socket = request.socket as TLSSocket
    this.address = begun.address
    this.version = request.httpVersion
    this.method = request.method ?? ''
    this.target = request.url ?? ''
    this.rawHeaders = request.rawHeaders
    this.#request = request
    this.#response = response
    this.#queue = begun.queue
    this.#isLast = begun.isLast
    this.#settle = begun.settle
    response.once('close', () => this.#end(!response.writableFinished))
  }

  get hasBody(): boolean {
    return this.header('content-length') !== undefined
  }

  get body(): Readable {
    return this.#request
  }

  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0
  }

  get gone(): boolean {
    return this.#response.destroyed || this.socket.destroyed
  }

  /** Has the whole request arrived? */
  get read(): boolean {
    return this.#request.complete
  }

  /** For how long its answer has been going out and not been heard, in milliseconds, as far as it was asked before: not before those in front of it are out. */
  answersSince(now: number): number {
    if (!this.#response.headersSent || this.#response.socket === null) return 0
    this.#hearing.begin(now)
    return this.#hearing.waits(now)
  }

  /** Its connection is no more. Node does not tell those whose turn had not come. */
  lose(): void {
    this.#end(true)
  }

  tooSlow(): void {
    this.#whenTooSlow?.()
  }

  #end(early: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (early) this.#whenGone?.()
    this.#whenOver?.()
    this.#settle(this, this.#queue)
  }

  get unheard(): number {
    return this.#response.writableLength
  }

  header(name: string): string | undefined {
    return headerIn(this.rawHeaders, name)
  }

  respond(status: number, headers: string[], last = false): void {
    if (this.also.length > 0) headers.push(...this.also)
    if (last || this.#isLast()) this.#queue.end()
    if (this.#queue.endsWith(this)) headers.push('connection', 'close')
    this.#response.writeHead(status, headers)
  }

  write(chunk: Buffer): boolean {
    this.#hearing.passed(chunk.length)
    return this.#response.write(chunk)
  }

  onDrain(hear: () => void): void {
    this.#response.once('drain', hear)
  }

  /** A small answer goes out as one text with its head, byte for byte: one copy, one write. */
  end(chunk?: string | Buffer): void {
    if (Buffer.isBuffer(chunk) && chunk.length <= textBytesMax) this.#response.end(chunk.toString('latin1'), 'latin1')
    else this.#response.end(chunk)
  }

  destroy(): void {
    this.#response.destroy()
  }

  onGone(hear: (() => void) | undefined): void {
    this.#whenGone = hear
  }

  onOver(hear: () => void): void {
    if (this.#isOver) hear()
    else this.#whenOver = hear
  }

  onTooSlow(hear: (() => void) | undefined): void {
    this.#whenTooSlow = hear
  }
}
