import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { EdgeConfig, Face } from '../config.ts'
import { observeCertificates } from '../metrics.ts'
import type { Problem } from '../problem.ts'
import { refuseWrongRole, rolesShown } from '../tls/clients.ts'
import { publicTls } from '../tls/contexts.ts'
import { openCertificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import type { Exchange } from './exchange.ts'
import { speakHttp1 } from './http1.ts'

/** What a worker does with what comes in. */
export type Taking = {
  take(exchange: Exchange): void
  /** What the protocol alone says no to. */
  refuse(exchange: Exchange, found: Problem): void
  /** Takes the connection over; without it nobody may ask for that. */
  upgrade?: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined
}

export type Listener = {
  /** Takes no connection any more, and ends those there are when their answers are out. */
  drain(): Promise<void>
  /** Ends what is open. */
  close(): void
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
    ALPNProtocols: ['http/1.1'],
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
  if (shown) {
    const watch = watchPeers(certificates)
    server.on('secureConnection', (socket) => {
      refuseWrongRole(socket, shown)
      watch(socket)
    })
  }
  const http1 = speakHttp1(server, face, taking.take, taking.refuse)
  if (taking.upgrade) server.on('upgrade', taking.upgrade)
  const listener: Listener = {
    drain() {
      http1.drain()
      return new Promise((resolve) => server.close(() => resolve()))
    },
    close: () => server.closeAllConnections(),
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(listener))
  })
}
