import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Face } from '../config.ts'
import { newRequestId } from '../ids.ts'
import { type Problem, problem } from '../problem.ts'
import { type Exchange, headerIn, type RequestHead } from './exchange.ts'
import { Hearing } from './hearing.ts'

/** A stream of HTTP/2 as an exchange (RFC 9113), over Node's own streams: its layer that looks like HTTP/1.1 costs more and hides what was sent. */
export class Http2Exchange implements Exchange {
  readonly face: Face
  readonly requestId = newRequestId()
  readonly startedMs = performance.now()
  readonly address: string
  readonly socket: TLSSocket
  readonly version = '2' // not what a request of HTTP/1 might call itself
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** What was wrong with the head. */
  readonly wrong: Problem | undefined
  /** When the head of the answer went out. */
  answeredMs: number | undefined
  readonly hearing = new Hearing()
  trailed = false
  status = 0
  also: readonly string[] = []
  readonly #stream: ServerHttp2Stream
  #whenGone: (() => void) | undefined
  #whenTooSlow: (() => void) | undefined
  #whenOver: (() => void) | undefined

  constructor(face: Face, stream: ServerHttp2Stream, raw: readonly string[], socket: TLSSocket, address: string) {
    this.face = face
    this.socket = socket
    this.address = address
    const read = readHead(raw)
    this.method = read.method
    this.target = read.target
    this.rawHeaders = read.rawHeaders
    this.wrong = read.wrong
    this.#stream = stream
    stream.on('error', () => {}) // told by `close` too
    stream.once('trailers', () => {
      this.trailed = true
    })
    stream.once('close', () => {
      if (!stream.writableFinished || stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.#whenGone?.()
      this.#whenOver?.()
    })
  }

  get hasBody(): boolean {
    return !this.#stream.endAfterHeaders
  }

  get body(): Readable {
    const stream = this.#stream
    if (this.header('expect') !== undefined && !stream.closed && !stream.headersSent)
      stream.additionalHeaders({ ':status': 100 })
    return stream
  }

  get gone(): boolean {
    return this.#stream.closed || this.#stream.destroyed
  }

  /** Has the whole request arrived? */
  get read(): boolean {
    return this.#stream.readableEnded || this.#stream.endAfterHeaders
  }

  /** Is the whole answer with the client's side of the connection? */
  get written(): boolean {
    return this.#stream.writableFinished
  }

  get unheard(): number {
    return this.#stream.writableLength
  }

  header(name: string): string | undefined {
    return headerIn(this.rawHeaders, name)
  }

  respond(status: number, headers: string[]): void {
    if (this.gone) return
    this.status = status
    this.answeredMs = performance.now()
    this.hearing.begin(this.answeredMs)
    this.#stream.respond([':status', String(status), ...headers, ...this.also] as unknown as IncomingHttpHeaders)
  }

  write(chunk: Buffer): boolean {
    this.hearing.passed(chunk.length)
    return this.gone || this.#stream.write(chunk)
  }

  onDrain(hear: () => void): void {
    this.#stream.once('drain', hear)
  }

  end(chunk?: string | Buffer): void {
    if (!this.gone && !this.#stream.writableEnded) this.#stream.end(chunk)
  }

  destroy(): void {
    this.reset(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** Ends the stream with one of the protocol's codes. */
  reset(code: number): void {
    if (!this.gone) this.#stream.close(code)
  }

  onGone(hear: (() => void) | undefined): void {
    this.#whenGone = hear
  }

  onOver(hear: () => void): void {
    this.#whenOver = hear
  }

  onTooSlow(hear: (() => void) | undefined): void {
    this.#whenTooSlow = hear
  }

  tooSlow(): void {
    if (this.#whenTooSlow) this.#whenTooSlow()
    else this.reset(constants.NGHTTP2_CANCEL)
  }
}

type Read = Omit<RequestHead, 'version'> & { wrong: Problem | undefined }

/**
 * The head in the words of HTTP/1.1. What the protocol itself forbids (pseudo headers twice, unknown or late, capital letters, headers of a
 * connection) has reset the stream before; here is what it lets through and two readers could take differently.
 */
function readHead(raw: readonly string[]): Read {
  const pseudo: Record<string, string> = {}
  const rawHeaders: string[] = []
  let wrong: Problem | undefined
  let cookieAt = -1
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (name.startsWith(':')) pseudo[name] = value
    else if (name === 'cookie' && cookieAt >= 0) rawHeaders[cookieAt] += `; ${value}`
    else {
      if (name === 'cookie') cookieAt = rawHeaders.length + 1
      rawHeaders.push(name, value)
    }
  }
  const authority = pseudo[':authority']
  const host = headerIn(rawHeaders, 'host')
  if (host === undefined && authority !== undefined) rawHeaders.push('host', authority)
  if (host !== undefined && authority !== undefined && host !== authority)
    wrong = problem(400, 'edge.host', 'Host and :authority do not name the same.')
  const method = pseudo[':method'] ?? ''
  if (method !== 'CONNECT' && pseudo[':scheme'] !== 'https')
    wrong ??= problem(400, 'edge.scheme', 'Only https is spoken here.')
  const expect = headerIn(rawHeaders, 'expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    wrong ??= problem(417, 'edge.expectation', 'Nothing but 100-continue is expected here.')
  return { method, target: pseudo[':path'] ?? '', rawHeaders, wrong }
}
