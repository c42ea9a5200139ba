import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { refusals } from '../metrics.ts'
import { holds, listOf } from '../visitors/network-list.ts'
import { readFirst } from './first-bytes.ts'
import type { Prover } from './prover.ts'
import { NotProxied, readProxyHeader } from './proxy-protocol.ts'

export type Accepted = {
  /**
   * A connection has shaken hands. Answers who is behind it: its other end, or whom a proxy connects for. Undefined: nobody is any more, and
   * what they said is nobody's word.
   */
  greeted(socket: TLSSocket): string | undefined
  /** Lets in these networks from now on, undefined: all. Who is there from another goes, whatever is under way. */
  allow(networks: readonly string[] | undefined): void
  /** Ends what is still before or in its handshake. */
  closeAll(): void
}

type Accepting = {
  /** Networks of proxies, who say first for whom they connect. */
  proxies: readonly string[]
  /** Those that are let in; undefined: all. */
  networks: readonly string[] | undefined
  /** From the first byte to the end of the handshake. */
  secondsMax: number
  prover: Prover
  /** Hears of who was not let in, or no longer. */
  onStranger: (address: string) => void
}

type Waiting = { socket: Socket; sinceMs: number; source: string | undefined }

const lookEveryMs = 250

/**
 * Connections from their first byte to the end of their handshake, which has a limit from the beginning on, not from the last byte. Proxies say
 * first for whom they connect (PROXY protocol): from their networks it must come, from elsewhere it is no part of a handshake. Who comes from a network that
 * is not let in, or is connected for from one, hears nothing, not even TLS. Who looks for the proof of a name is the prover's.
 *
 * @throws Error when a network is none
 */
export function accept(server: Server, { proxies, networks, secondsMax, prover, onStranger }: Accepting): Accepted {
  const trusted = listOf(proxies)
  let allowed = networks && listOf(networks)
  const waiting = new Map<string, Waiting>() // by the other end's address and port: TLS does not tell which connection it is on
  const open = new Map<Socket, string>() // who is behind each connection that was let in, until it ends
  const handshakes = server.listeners('connection') as Array<(socket: Socket) => void>
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined) return void socket.destroy() // gone already
    const name = nameOf(socket)
    const each: Waiting = { socket, sinceMs: performance.now(), source: undefined }
    waiting.set(name, each)
    socket.once('close', () => {
      if (waiting.get(name) === each) waiting.delete(name)
      open.delete(socket)
    })
    if (proxies.length === 0 || !holds(trusted, remoteAddress)) return admit(socket, remoteAddress)
    readHeader(socket, (source) => {
      each.source = source
      admit(socket, source ?? remoteAddress)
    })
  })
  const clock = setInterval(() => {
    const latest = performance.now() - secondsMax * 1000
    for (const each of waiting.values()) {
      if (each.sinceMs > latest) return // they stand in the order they came
      refuse(each.socket, 'edge.handshake_too_slow')
    }
  }, lookEveryMs)
  clock.unref()
  server.once('close', () => clearInterval(clock))
  return {
    greeted(socket) {
      const name = nameOf(socket)
      const source = waiting.get(name)?.source
      waiting.delete(name)
      return source ?? socket.remoteAddress
    },
    allow(now) {
      allowed = now && listOf(now)
      for (const [socket, address] of open) if (!isAllowed(address)) turnAway(socket, address)
    },
    closeAll() {
      for (const { socket } of waiting.values()) socket.destroy()
    },
  }

  function admit(socket: Socket, address: string): void {
    if (!isAllowed(address)) {
      turnAway(socket, address)
      return
    }
    open.set(socket, address)
    prover.take(socket, () => {
      for (const handshake of handshakes) handshake.call(server, socket)
    })
  }

  function isAllowed(address: string): boolean {
    return allowed === undefined || holds(allowed, address)
  }

  function turnAway(socket: Socket, address: string): void {
    onStranger(address)
    socket.destroy()
  }
}

/** A connection without a header is ended. */
function readHeader(socket: Socket, next: (source: string | undefined) => void): void {
  readFirst(
    socket,
    readProxyHeader,
    ({ source }) => next(source?.address),
    (error) => {
      if (!(error instanceof NotProxied)) throw error
      refuse(socket, 'edge.not_proxied')
    },
  )
}

function refuse(socket: Socket, code: string): void {
  refusals.inc({ code })
  socket.destroy()
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
