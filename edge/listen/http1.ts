import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex, Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Face } from '../config.ts'
import { newRequestId } from '../ids.ts'
import { refusals } from '../metrics.ts'
import { bodyOf, type Problem, problem } from '../problem.ts'
import { type Exchange, headerIn, type RequestHead } from './exchange.ts'
import type { Taking } from './listener.ts'

export type Http1 = {
  /** Every answer from now on is the last one of its connection, or no longer. */
  dismiss(on: boolean): void
}

/**
 * Makes exchanges of what a server reads as HTTP/1.1. A parse error behind a request must not cost that request its
 * answer: the connection is parked until the answer is out.
 */
export function speakHttp1(
  server: Server,
  face: Face,
  addressOf: (socket: Duplex) => string,
  { take, refuse }: Taking,
): Http1 {
  const pending = new WeakMap<Duplex, number>() // answers under way per connection
  const parked = new WeakSet<Duplex>() // connections to be closed once their answers are out
  let draining = false

  server.on('request', (request, response) => take(begin(request, response)))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue()
    take(begin(request, response))
  })
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    refuse(begin(request, response), problem(417, 'edge.expectation', 'Nothing but 100-continue is expected here.')),
  )
  server.on('clientError', onClientError)
  return {
    dismiss(on) {
      draining = on
    },
  }

  function begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const { socket } = request
    pending.set(socket, (pending.get(socket) ?? 0) + 1)
    return new Http1Exchange(face, request, response, addressOf(socket), () => draining, settle)
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if ((pending.get(socket) ?? 0) > 0) {
      parked.add(socket)
      return
    }
    const found = problemOfParser(error)
    refusals.inc({ code: found.code })
    socket.end(refusalText(found))
  }

  function settle(socket: Duplex): void {
    const left = (pending.get(socket) ?? 1) - 1
    pending.set(socket, left)
    if (left === 0 && parked.has(socket)) socket.end()
  }
}

/** The head of a request that becomes something else than an exchange, such as a WebSocket. */
export function headOf(request: IncomingMessage): RequestHead {
  const { httpVersion: version, method = '', url: target = '', rawHeaders } = request
  return { version, method, target, rawHeaders }
}

/** A whole answer, for a connection that nothing else speaks on. */
export function refusalText(found: Problem, requestId = newRequestId()): string {
  const body = bodyOf(found, requestId)
  const length = Buffer.byteLength(body)
  let more = ''
  for (let i = 0; i < (found.headers?.length ?? 0); i += 2) more += `${found.headers![i]}: ${found.headers![i + 1]}\r\n`
  return `HTTP/1.1 ${found.status} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: ${length}\r\n${more}connection: close\r\n\r\n${body}`
}

function problemOfParser(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'HPE_HEADER_OVERFLOW') return problem(431, 'edge.headers_too_large', 'The headers are too large.')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem(408, 'edge.too_slow', 'The request took too long to arrive.')
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
  readonly #draining: () => boolean
  also: readonly string[] = []
  #whenGone: (() => void) | undefined

  constructor(
    face: Face,
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
    draining: () => boolean,
    settle: (socket: Duplex) => void,
  ) {
    this.face = face
    this.socket = request.socket as TLSSocket
    this.address = address
    this.version = request.httpVersion
    this.method = request.method ?? ''
    this.target = request.url ?? ''
    this.rawHeaders = request.rawHeaders
    this.#request = request
    this.#response = response
    this.#draining = draining
    response.once('close', () => {
      if (!response.writableFinished) this.#whenGone?.()
      settle(this.socket)
    })
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
    return this.#response.destroyed
  }

  header(name: string): string | undefined {
    return headerIn(this.rawHeaders, name)
  }

  respond(status: number, headers: string[], last = false): void {
    if (this.also.length > 0) headers.push(...this.also)
    if (last || this.#draining()) headers.push('connection', 'close')
    this.#response.writeHead(status, headers)
  }

  write(chunk: Buffer): boolean {
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
}
