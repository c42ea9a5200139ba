import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { requestHeaders } from '../guard/headers.ts'
import { endSoon, refusalText } from '../listen/farewell.ts'
import { headOf } from '../listen/http1.ts'
import { type Problem, problem } from '../problem.ts'
import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import type { Core } from './core.ts'
import type { Cores } from './cores.ts'
import { Tunnel } from './tunnel.ts'

export type Upgrades = {
  take(request: IncomingMessage, socket: Duplex, head: Buffer, told: Told): void
  readonly open: number
  /** Tells every client to come again, one after the other over so many seconds, so that they do not all come at once. */
  leave(seconds: number): void
  close(): void
}

type Told = { requestId: string; address: string; routeClass: number; affinity: string | undefined }

const connectMsMax = 5000

/** Passes WebSockets of players through to a core over a connection of their own. */
export function createUpgrades(certificates: Certificates, cores: Cores, onCount: (open: number) => void): Upgrades {
  const watch = watchPeers(certificates)
  const tunnels = new Set<Tunnel>()
  return {
    take(request, client, head, told) {
      client.on('error', () => client.destroy())
      const found = inspect(request)
      if (found) endSoon(client, refusalText(found, told.requestId))
      else lead(request, client, head, told, [])
    },
    get open() {
      return tunnels.size
    },
    leave(seconds) {
      for (const tunnel of tunnels) setTimeout(() => tunnel.leave(), Math.random() * seconds * 1000).unref()
    },
    close() {
      for (const tunnel of tunnels) tunnel.destroy()
    },
  }

  /** To a core that was not tried yet; nothing was said before the connection stands, so another may be asked. */
  function lead(request: IncomingMessage, client: Duplex, head: Buffer, told: Told, tried: Core[]): void {
    const core = cores.pick({ routeClass: told.routeClass, tried, affinity: told.affinity })
    if (!core) {
      const none = problem(503, 'edge.no_core', 'The casino is not reachable at the moment.')
      endSoon(client, refusalText(none, told.requestId))
      return
    }
    const { identity, player } = core.member
    const upstream = connect({ ...player, ...coreTls(certificates.current(), identity) })
    const failed = () => {
      upstream.destroy()
      cores.eject(core)
      if (!client.destroyed) lead(request, client, head, told, [...tried, core])
    }
    const gone = () => upstream.destroy()
    upstream.setTimeout(connectMsMax, failed)
    upstream.once('error', failed)
    client.once('close', gone)
    upstream.once('secureConnect', () => {
      upstream.removeListener('error', failed)
      client.removeListener('close', gone)
      join(upstream)
      upstream.write(requestText(request, identity, told))
      if (head.length > 0) upstream.write(head)
    })

    function join(upstream: TLSSocket): void {
      upstream.setTimeout(0)
      watch(upstream)
      const tunnel = new Tunnel(client, upstream, () => {
        tunnels.delete(tunnel)
        onCount(tunnels.size)
      })
      tunnels.add(tunnel)
      onCount(tunnels.size)
    }
  }
}

/** What else there is to it the gate has seen. */
function inspect(request: IncomingMessage): Problem | undefined {
  if (
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    request.httpVersion === '1.1' &&
    request.method === 'GET'
  )
    return undefined
  return problem(400, 'edge.upgrade', 'Only WebSockets are taken here.')
}

function requestText(request: IncomingMessage, core: string, { requestId, address }: Told): string {
  const headers = requestHeaders(headOf(request), { requestId, address, bodyBytes: 0 })
  const lines = [`GET ${request.url} HTTP/1.1`, `host: ${core}.countroom.internal`]
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
  return [...lines, 'connection: Upgrade', 'upgrade: websocket', '', ''].join('\r\n')
}
