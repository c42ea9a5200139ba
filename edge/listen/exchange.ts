import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Face } from '../config.ts'

/** What a request says of itself before its body, whichever version of HTTP it came by. */
export type RequestHead = {
  /** As the protocol names it: `1.1`, and `2` of HTTP/2 alone. */
  readonly version: string
  readonly method: string
  /** Path and query as they came: not decoded, not normalised. */
  readonly target: string
  /** Flat: name, value, name, value. Of HTTP/2 without pseudo headers: `:authority` is `host`, and crumbs of a cookie are one. */
  readonly rawHeaders: readonly string[]
}

/** One request and its answer. HTTP/1.1 and HTTP/2 each have a class for it; nobody behind asks which it is. */
export interface Exchange extends RequestHead {
  readonly face: Face
  readonly requestId: string
  /** When the head was there, by `performance.now()`. */
  readonly startedMs: number
  /** Of the client, as the connection or a trusted proxy tells it. */
  readonly address: string
  /** The connection, for what was shown in its handshake; it may carry other exchanges too. */
  readonly socket: TLSSocket
  /** Does a body follow, if only an empty one? */
  readonly hasBody: boolean
  readonly body: Readable
  /** Did fields follow the body? */
  readonly trailed: boolean
  /** Of the answer; 0 as long as its head is not out. */
  readonly status: number
  /** Nothing reaches the client any more: it went, or the answer is complete. */
  readonly gone: boolean
  /** Flat headers that its answer carries, whoever gives it. */
  also: readonly string[]
  /** The first value of a header, by its name in small letters. */
  header(name: string): string | undefined
  /** Sends the head of the answer, flat. `last`: nothing more is read from a connection that carries one request after the other. */
  respond(status: number, headers: string[], last?: boolean): void
  /** Bytes of its answer that the client has not taken. */
  readonly unheard: number
  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean
  onDrain(hear: () => void): void
  end(chunk?: string | Buffer): void
  /** Ends the answer so that nobody takes it for a whole one. */
  destroy(): void
  /** Who is told once when the client goes before its answer is complete; one at a time. */
  onGone(hear: (() => void) | undefined): void
  /** Who is told once when nothing of it is left: the client has all of its answer, or went. One at a time. */
  onOver(hear: () => void): void
  /** Who is told when the rest of the request does not come in time; one at a time. */
  onTooSlow(hear: (() => void) | undefined): void
}

/** The first value of a header among flat ones, by its name in small letters. */
export function headerIn(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const each = rawHeaders[i] as string
    if (each.length === name.length && each.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}
