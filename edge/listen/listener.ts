import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { EdgeConfig, Face } from '../config.ts'
import type { Problem } from '../problem.ts'
import { refuseWrongRole, rolesShown } from '../tls/clients.ts'
import { watchPeers } from '../tls/peers.ts'
import { openShown } from '../tls/shown.ts'
import { accept } from './accept.ts'
import type { Exchange } from './exchange.ts'
import { speakHttp1 } from './http1.ts'
import { type NameProof, openProver } from './prover.ts'
import { openSessions } from './sessions.ts'

/** What a worker does with what comes in. */
export type Taking = {
  /** Hears of a connection from a network that the face is not open to; it has ended. */
  turnedAway(address: string): void
  take(exchange: Exchange): void
  /** What the protocol alone says no to. */
  refuse(exchange: Exchange, found: Problem): void
  /** Hears of what was answered though no request could be read of it. */
  unread(address: string, requestId: string, found: Problem): void
  /** Takes the connection over; without it nobody may ask for that. */
  upgrade?: ((request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => void) | undefined
}

export type Listener = {
  /** Asks clients to go elsewhere: on every connection the answer under way, or the next one, is the last. Or no longer. */
  dismiss(on: boolean): void
  /** Is open to these networks from now on, undefined: to all. Connections from others end at once, whatever goes over them. */
  allow(networks: readonly string[] | undefined): void
  /** Proves names to authorities that look in handshakes; with none, no longer. */
  prove(proofs: readonly NameProof[]): void
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
  const { host, port, proxies, networks } = config.listeners[face]
  const { limits } = config
  const roles = rolesShown(face, config.listeners.operator.people)
  const shown = openShown(face, config)
  const server = createServer({
    ...shown.options,
    ALPNProtocols: face === 'player' ? ['h2', 'http/1.1'] : ['http/1.1'],
    ...(roles ? { requestCert: true, rejectUnauthorized: false } : {}), // who shows none is told so, in our words
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersSecondsMax * 1000,
    requestTimeout: limits.requestSecondsMax * 1000,
    keepAliveTimeout: limits.keepAliveSecondsMax * 1000,
    connectionsCheckingInterval: 1000,
    httpValidation: 'strict',
    requireHostHeader: false, // the gate asks for it, and answers in our words
  } as Parameters<typeof createServer>[0])
  shown.attach(server)
  const prover = openProver()
  const accepted = accept(server, {
    proxies,
    networks,
    secondsMax: limits.handshakeSecondsMax,
    prover,
    onStranger: taking.turnedAway,
  })
  const addresses = new WeakMap<Duplex, string>()
  const addressOf = (socket: Duplex) => addresses.get(socket) ?? ''
  const http1 = speakHttp1(server, face, limits, addressOf, taking)
  const sessions = openSessions(face, limits, taking)
  const watch = roles && watchPeers(shown.usual)
  const [speak] = server.listeners('secureConnection') as Array<(socket: TLSSocket) => void> // Node's own: HTTP/1.1
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    const address = accepted.greeted(socket)
    if (address === undefined) return void socket.destroy()
    addresses.set(socket, address)
    if (watch) {
      refuseWrongRole(socket, roles)
      watch(socket)
    }
    if (socket.alpnProtocol === 'h2') sessions.begin(socket, addressOf(socket))
    else speak!.call(server, socket)
  })
  const dismiss = (on: boolean) => {
    http1.dismiss(on)
    sessions.dismiss(on)
  }
  const listener: Listener = {
    dismiss,
    allow: accepted.allow,
    prove: prover.show,
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
      accepted.closeAll()
      server.closeAllConnections()
      sessions.closeAll()
    },
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(listener))
  })
}
