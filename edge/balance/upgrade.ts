import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import type { EdgeConfig } from '../config.ts'
import { inspectTarget } from '../guard/gate.ts'
import { requestHeaders } from '../guard/headers.ts'
import { headOf, refusalText } from '../listen/http1.ts'
import { type Problem, problem } from '../problem.ts'
import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import type { Cores } from './cores.ts'

export type Upgrades = {
  take(request: IncomingMessage, socket: Duplex, head: Buffer, told: { requestId: string; address: string }): void
  readonly open: number
  close(): void
}

/** Passes WebSockets of players through to a core, byte for byte, over a connection of their own. */
export function createUpgrades(config: EdgeConfig, certificates: Certificates, cores: Cores): Upgrades {
  const watch = watchPeers(certificates)
  const pairs = new Set<{ client: Duplex; upstream: TLSSocket }>()
  return {
    take(request, client, head, told) {
      client.on('error', () => client.destroy())
      const found = inspect(request, config)
      const core = found ? undefined : cores.pick(new Set())
      if (found || !core) {
        const no = found ?? problem(503, 'edge.no_core', 'The casino is not reachable at the moment.')
        client.end(refusalText(no, told.requestId))
        return
      }
      const target = config.cores.find((candidate) => candidate.name === core.name)!.player
      const upstream = connect({ ...target, ...coreTls(certificates.current(), core.name), timeout: 5000 })
      const pair = { client, upstream }
      pairs.add(pair)
      const end = () => {
        pairs.delete(pair)
        client.destroy()
        upstream.destroy()
      }
      upstream.once('secureConnect', () => {
        watch(upstream)
        upstream.setTimeout(0)
        upstream.write(requestText(request, core.name, told))
        if (head.length > 0) upstream.write(head)
        client.pipe(upstream)
        upstream.pipe(client)
      })
      for (const side of [client, upstream]) {
        side.on('error', end)
        side.on('close', end)
      }
      upstream.on('timeout', end)
    },
    get open() {
      return pairs.size
    },
    close() {
      for (const { client } of pairs) setTimeout(() => client.end(), Math.random() * 1000)
    },
  }
}

function inspect(request: IncomingMessage, config: EdgeConfig): Problem | undefined {
  if (
    request.method !== 'GET' ||
    request.headers.upgrade?.toLowerCase() !== 'websocket' ||
    request.httpVersion !== '1.1'
  )
    return problem(400, 'edge.upgrade', 'Only WebSockets are taken here.')
  return inspectTarget(request.url ?? '', config.limits.targetBytesMax)
}

function requestText(request: IncomingMessage, core: string, told: { requestId: string; address: string }): string {
  const headers = requestHeaders(headOf(request), { ...told, bodyBytes: 0 })
  const lines = [`GET ${request.url} HTTP/1.1`, `host: ${core}.countroom.internal`]
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
  return [...lines, 'connection: Upgrade', 'upgrade: websocket', '', ''].join('\r\n')
}
