import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import { observeCertificates } from '../metrics.ts'
import type { Problem } from '../problem.ts'
import { refuseWrongRole, rolesShown } from '../tls/clients.ts'
import { publicTls } from '../tls/contexts.ts'
import { openCertificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import type { Exchange } from './exchange.ts'
import { addressOf, speakHttp1 } from './http1.ts'
import { openSessions } from './sessions.ts'

/** What a worker does with what comes in. */
export type Taking = {
  take(exchange: Exchange): void
  /** What the protocol alone says no to. */
  refuse(exchange: Exchange, found: Problem): void
  /** Takes the connection over; without it nobody may ask for that. */
  upgrade?: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined
}

export type Listener = {
  /** Asks clients to go elsewhere: on every connection the answer under way, or the next one, is the last. Or no longer. */
  dismiss(on: boolean): void
  /** Takes no connection any more, and dismisses those there are. */
  drain(): void
  /** Ends the connections on which nothing is under way. */
  closeIdle(): void
  /** Ends what is open. */
  closeAll(): void
  /** When the last connection has ended after `drain`. */
  readonly closed: Promise<void>
}

/** One face on its own socket: TLS, its own certificate and policy for those of clients, then HTTP. @throws Error when the port is taken */
export function listen(face: Face, config: EdgeConfig, taking: Taking): Promise<Listener> {
  const { host, port, cert, key } = config.listeners[face]
  const { limits } = config
  const shown = rolesShown(face, config.listeners.operator.people)
  const { ca, crl } = config.tls
  const certificates = openCertificates({ cert, key, ...(shown ? { ca, crl } : {}) })
  observeCertificates(face, certificates)
  const server = createServer({
    ...publicTls(certificates.current()),
    ALPNProtocols: face === 'player' ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: limits.handshakeSecondsMax * 1000,
    ...(shown ? { requestCert: true, rejectUnauthorized: false } : {}), // who shows none is told so, in our words
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersSecondsMax * 1000,
    requestTimeout: limits.requestSecondsMax * 1000,
    keepAliveTimeout: limits.keepAliveSecondsMax * 1000,
    connectionsCheckingInterval: 1000,
    httpValidation: 'strict',
    requireHostHeader: false, // the gate asks for it, and answers in our words
  } as Parameters<typeof createServer>[0])
  certificates.onChange(() => server.setSecureContext(publicTls(certificates.current())))
  const http1 = speakHttp1(server, face, taking)
  const sessions = openSessions(face, limits, taking)
  const watch = shown && watchPeers(certificates)
  const [speak] = server.listeners('secureConnection') as Array<(socket: TLSSocket) => void> // Node's own: HTTP/1.1
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (watch) {
      refuseWrongRole(socket, shown)
      watch(socket)
    }
    if (socket.alpnProtocol === 'h2') sessions.begin(socket, addressOf(socket))
    else speak!.call(server, socket)
  })
  if (taking.upgrade) server.on('upgrade', taking.upgrade)
  const dismiss = (on: boolean) => {
    http1.dismiss(on)
    sessions.dismiss(on)
  }
  const listener: Listener = {
    dismiss,
    closed: new Promise((resolve) => server.once('close', () => resolve())),
    drain() {
      dismiss(true)
      NetServer.prototype.close.call(server) // Node's own for HTTP would end idle connections too, as a request is on its way
    },
    closeIdle() {
      server.closeIdleConnections()
      sessions.closeIdle()
    },
    closeAll() {
      server.closeAllConnections()
      sessions.closeAll()
    },
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(listener))
  })
}
