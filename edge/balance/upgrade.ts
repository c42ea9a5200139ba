import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { requestHeaders, responseHeaders } from '../guard/headers.ts'
import { endSoon } from '../listen/farewell.ts'
import { headOf } from '../listen/http1.ts'
import { type Problem, problem } from '../problem.ts'
import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import type { Core } from './core.ts'
import type { Cores } from './cores.ts'
import { type Switching, SwitchingReader } from './switching.ts'
import { Tunnel } from './tunnel.ts'

export type Upgrades = {
  /** Answers once a core has: with `problem`, nothing was said to the client yet. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, told: Told): Promise<Upgraded>
  readonly open: number
  /** Tells every client to come again, one after the other over so many seconds, so that they do not all come at once. */
  leave(seconds: number): void
  close(): void
}

type Told = { requestId: string; address: string; routeClass: number; affinity: string | undefined }
type Upgraded = { core: string; status: number; tries: number; problem?: Problem }

const connectMsMax = 5000
const answerMsMax = 5000

/** Passes WebSockets of players through to a core over a connection of their own, once it has opened; any other answer is passed on as such. */
export function createUpgrades(certificates: Certificates, cores: Cores, onCount: (open: number) => void): Upgrades {
  const watch = watchPeers(certificates)
  const tunnels = new Set<Tunnel>()
  return {
    take(request, client, head, told) {
      client.on('error', () => client.destroy())
      const found = inspect(request)
      if (found) return Promise.resolve({ core: '', status: found.status, tries: 0, problem: found })
      return new Promise((resolve) => lead(request, client, head, told, [], resolve))
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

  /** To a core that was not tried yet; before one has answered, another may be asked. */
  function lead(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    told: Told,
    tried: readonly Core[],
    resolve: (upgraded: Upgraded) => void,
  ): void {
    const core = cores.pick({ routeClass: told.routeClass, tried: [...tried], affinity: told.affinity })
    if (!core) {
      over(noCore)
      return
    }
    const { identity, player } = core.member
    const upstream = connect({ ...player, ...coreTls(certificates.current(), identity) })
    const reader = new SwitchingReader(request.headers['sec-websocket-key'] ?? '')
    let late = setTimeout(failed, connectMsMax)
    upstream.on('error', failed).on('close', failed).on('data', hear)
    client.once('close', gone)
    upstream.once('secureConnect', () => {
      watch(upstream)
      clearTimeout(late)
      late = setTimeout(() => settle(noAnswer), answerMsMax)
      upstream.write(requestText(request, identity, told))
    })

    /** It was not heard of: it may be asked of another. */
    function failed(): void {
      part()
      upstream.destroy()
      cores.eject(core!)
      if (!client.destroyed) lead(request, client, head, told, [...tried, core!], resolve)
    }

    function gone(): void {
      part()
      upstream.destroy()
      resolve({ core: core!.name, status: 499, tries: tried.length + 1 })
    }

    function hear(chunk: Buffer): void {
      try {
        const answer = reader.read(chunk)
        if (answer) settle(answer)
      } catch {
        settle(noAnswer)
      }
    }

    function settle(became: Switching | Problem): void {
      part()
      if ('code' in became) {
        upstream.destroy()
        over(became)
        return
      }
      if (became.isOpen) {
        client.write(textOf(became, told.requestId))
        join(became.rest)
      } else {
        upstream.destroy()
        endSoon(client, Buffer.concat([Buffer.from(textOf(became, told.requestId), 'latin1'), became.rest]))
      }
      resolve({ core: core!.name, status: became.status, tries: tried.length + 1 })
    }

    /** Nothing of what was waited for is waited for any more. */
    function part(): void {
      clearTimeout(late)
      client.off('close', gone)
      upstream.off('error', failed).off('close', failed).off('data', hear)
      upstream.on('error', () => {})
    }

    function join(rest: Buffer): void {
      const tunnel = new Tunnel(client, upstream, () => {
        tunnels.delete(tunnel)
        onCount(tunnels.size)
      })
      tunnels.add(tunnel)
      onCount(tunnels.size)
      if (head.length > 0) upstream.write(head)
      if (rest.length > 0) tunnel.pass(rest)
    }

    function over(found: Problem): void {
      resolve({ core: core?.name ?? '', status: found.status, tries: tried.length + 1, problem: found })
    }
  }
}

const noCore = problem(503, 'edge.no_core', 'The casino is not reachable at the moment.')
const noAnswer = problem(502, 'edge.no_answer', 'The casino did not answer.')

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

/** The head of what a core answered, as the client gets it. */
function textOf({ isOpen, status, headers, rest }: Switching, requestId: string): string {
  const own = responseHeaders(headers, requestId)
  if (isOpen) own.push('connection', 'Upgrade', 'upgrade', 'websocket')
  else {
    if (!own.includes('content-length')) own.push('content-length', String(rest.length))
    own.push('connection', 'close')
  }
  let text = `HTTP/1.1 ${status} ${isOpen ? 'Switching Protocols' : 'Refused'}\r\n`
  for (let i = 0; i < own.length; i += 2) text += `${own[i]}: ${own[i + 1]}\r\n`
  return `${text}\r\n`
}
