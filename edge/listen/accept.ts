import { BlockList, isIPv6, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { refusals } from '../metrics.ts'
import { readFirst } from './first-bytes.ts'
import type { Prover } from './prover.ts'
import { NotProxied, readProxyHeader } from './proxy-protocol.ts'

export type Accepted = {
  /**
   * A connection has shaken hands. Answers who is behind it: its other end, or whom a proxy connects for. Undefined: nobody is any more, and
   * what they said is nobody's word.
   */
  greeted(socket: TLSSocket): string | undefined
  /** Ends what is still before or in its handshake. */
  closeAll(): void
}

type Waiting = { socket: Socket; sinceMs: number; source: string | undefined }

const lookEveryMs = 250

/**
 * Connections from their first byte to the end of their handshake, which has a limit from the beginning on, not from the last byte. Proxies of
 * these networks say first for whom they connect (PROXY protocol): from there it must come, from elsewhere it is no part of a handshake. Who looks
 * for the proof of a name is the prover's.
 *
 * @throws Error when a network is none
 */
export function accept(server: Server, networks: readonly string[], secondsMax: number, prover: Prover): Accepted {
  const trusted = listOf(networks)
  const waiting = new Map<string, Waiting>() // by the other end's address and port: TLS does not tell which connection it is on
  const handshakes = server.listeners('connection') as Array<(socket: Socket) => void>
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) return void socket.destroy() // gone already
    const name = nameOf(socket)
    const each: Waiting = { socket, sinceMs: performance.now(), source: undefined }
    waiting.set(name, each)
    socket.once('close', () => {
      if (waiting.get(name) === each) waiting.delete(name)
    })
    if (!isTrusted(socket)) return begin(socket)
    readHeader(socket, (source) => {
      each.source = source
      begin(socket)
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
    closeAll() {
      for (const { socket } of waiting.values()) socket.destroy()
    },
  }

  function begin(socket: Socket): void {
    prover.take(socket, () => {
      for (const handshake of handshakes) handshake.call(server, socket)
    })
  }

  function isTrusted({ remoteAddress }: Socket): boolean {
    if (networks.length === 0 || remoteAddress === undefined) return false
    return trusted.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4')
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

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}
