import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerSessionOptions,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import { refusals } from '../metrics.ts'
import { Http2Exchange } from './http2.ts'
import type { Taking } from './listener.ts'

type Limits = EdgeConfig['limits']

type Session = {
  readonly http2: ServerHttp2Session
  readonly socket: TLSSocket
  readonly address: string
  readonly begunMs: number
  readonly open: Set<Http2Exchange>
  /** The client has said its settings, and acknowledged ours. */
  said: boolean
  acknowledged: boolean
  /** Since when nothing is under way, and how much was read by then. */
  idleMs: number
  idleBytes: number
  /** Frames since the last look that cost us an answer and the client nothing. */
  chatter: number
  /** When it was told to leave. */
  closingMs: number | undefined
}

export type Sessions = {
  begin(socket: TLSSocket, address: string): void
  /** Who has something under way is told up to which stream they are served; who has nothing, with the next one. */
  dismiss(on: boolean): void
  closeIdle(): void
  closeAll(): void
}

const lookEveryMs = 500
const lingerMs = 1000

/**
 * The connections of a face that speak HTTP/2, with the timers that Node does not have: each counts from a beginning and not from
 * the last byte, so that dripping does not help. One clock goes round for all.
 */
export function openSessions(face: Face, limits: Limits, taking: Taking): Sessions {
  const all = new Set<Session>()
  let dismissing = false
  const options = optionsOf(limits)
  const clock = setInterval(look, lookEveryMs)
  clock.unref()
  return {
    begin,
    dismiss(on) {
      dismissing = on
      if (on) for (const session of all) if (session.open.size > 0) leave(session)
    },
    closeIdle() {
      for (const session of all) if (session.open.size === 0) leave(session)
    },
    closeAll() {
      for (const { socket } of all) socket.destroy()
    },
  }

  function begin(socket: TLSSocket, address: string): void {
    if (socket.destroyed) return
    const http2 = performServerHandshake(socket, options)
    const now = performance.now()
    const session: Session = {
      http2,
      socket,
      address,
      begunMs: now,
      open: new Set(),
      said: false,
      acknowledged: false,
      idleMs: now,
      idleBytes: 0,
      chatter: 0,
      closingMs: undefined,
    }
    all.add(session)
    socket.on('error', () => {})
    socket.once('close', () => all.delete(session))
    http2.on('error', () => socket.destroy())
    http2.on('remoteSettings', () => {
      session.said = true
      chat(session)
    })
    http2.on('localSettings', () => {
      session.acknowledged = true
      session.idleBytes = socket.bytesRead
    })
    http2.on('ping', () => chat(session))
    http2.on('stream', (stream, _, __, raw) => take(session, stream as ServerHttp2Stream, raw as unknown as string[]))
  }

  function take(session: Session, stream: ServerHttp2Stream, raw: readonly string[]): void {
    if (stream.destroyed) return // taken back before it was looked at
    const exchange = new Http2Exchange(face, stream, raw, session.socket, session.address)
    session.open.add(exchange)
    stream.once('close', () => {
      session.open.delete(exchange)
      if (session.open.size > 0) return
      session.idleMs = performance.now()
      session.idleBytes = session.socket.bytesRead
    })
    if (dismissing) leave(session)
    if (exchange.wrong) taking.refuse(exchange, exchange.wrong)
    else taking.take(exchange)
  }

  function chat(session: Session): void {
    if (++session.chatter > limits.chatterMax) end(session, 'edge.http2_flood')
  }

  function look(): void {
    const now = performance.now()
    for (const session of all) {
      session.chatter = 0
      for (const exchange of session.open) lookAt(exchange, now)
      if (session.open.size > 0) continue
      if (session.closingMs !== undefined) {
        if (now - session.closingMs > lingerMs) session.socket.destroy()
      } else if (!(session.said && session.acknowledged)) {
        if (now - session.begunMs > limits.prefaceSecondsMax * 1000) end(session, 'edge.http2_preface')
      } else if (now - session.idleMs > idleMsMax(session)) leave(session)
    }
  }

  /** Bytes that have come without becoming a request are a head in drips, or frames that ask for nothing: those wait less long. */
  function idleMsMax({ socket, idleBytes }: Session): number {
    return 1000 * (socket.bytesRead > idleBytes ? limits.headersSecondsMax : limits.keepAliveSecondsMax)
  }

  function lookAt(exchange: Http2Exchange, now: number): void {
    const { startedMs, answeredMs } = exchange
    if (exchange.written) {
      // The answer is out and the rest of the request nobody wants.
      if (now - (answeredMs ?? now) > lingerMs) exchange.reset(constants.NGHTTP2_NO_ERROR)
    } else if (!exchange.read && now - startedMs > limits.requestSecondsMax * 1000) {
      exchange.tooSlow()
    } else if (exchange.hearing.waits(now) > limits.answerSecondsMax * 1000) {
      refusals.inc({ code: 'edge.too_slow_to_hear' })
      exchange.reset(constants.NGHTTP2_CANCEL)
    }
  }

  function leave(session: Session): void {
    session.closingMs ??= performance.now()
    session.http2.close()
  }

  function end(session: Session, code: string): void {
    if (session.http2.destroyed) return
    refusals.inc({ code })
    session.closingMs ??= performance.now()
    session.http2.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    session.http2.destroy()
  }
}

function optionsOf(limits: Limits): ServerSessionOptions {
  return {
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.streamsMax,
      initialWindowSize: 64 * 1024 - 1,
      maxHeaderListSize: limits.headerBytesMax,
    },
    maxHeaderListPairs: 100,
    maxSettings: 16,
    maxOutstandingSettings: 2,
    maxOutstandingPings: 2,
    maxSessionInvalidFrames: 20,
    maxSessionRejectedStreams: 20,
    // Streams that a client takes back at once (CVE-2023-44487): so many in one go, then so many a second.
    streamResetBurst: 2 * limits.streamsMax,
    streamResetRate: 10,
    strictSingleValueFields: false, // what a core answers goes out alike by either version
  } as ServerSessionOptions
}
