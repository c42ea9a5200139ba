import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { inspectSize } from './guard/contract.ts'
import { inspect } from './guard/gate.ts'
import { countInFlight } from './limit/in-flight.ts'
import type { Askers } from './limit/limiter.ts'
import type { Asking, Limits } from './limit/limits.ts'
import type { Shedding } from './limit/shedding.ts'
import { headerIn, type RequestHead } from './listen/exchange.ts'
import { headOf } from './listen/http1.ts'
import type { Live } from './live.ts'
import { closedRoute, keptOut, type Problem, problem } from './problem.ts'
import type { Route } from './route.ts'
import type { Visitors } from './visitors/visitors.ts'

/** A WebSocket that somebody asks for. */
export type Knock = Asking & RequestHead

export type Sockets = {
  /** Why it is not opened; undefined: it is, and counts until `leave`. */
  admit(knock: Knock, route: Route): Promise<Problem | undefined>
  leave(knock: Knock): void
}

export function knockOf(request: IncomingMessage, address: string): Knock {
  const head = headOf(request)
  return {
    ...head,
    face: 'player',
    socket: request.socket as TLSSocket,
    address,
    startedMs: performance.now(),
    also: [],
    header: (name) => headerIn(head.rawHeaders, name),
  }
}

/**
 * Who may open a WebSocket: bans, the gate, shedding and rules hold for it as for any request of its route; and one network, or one sign-in, has so
 * many open at a worker and no more, since each keeps a connection to a core.
 */
export function openSockets(parts: {
  live: Live
  visitors: Pick<Visitors, 'of'>
  shedding: Pick<Shedding, 'refuse'>
  limits: Pick<Limits, 'askersOf' | 'admit' | 'leave'>
}): Sockets {
  const { live, visitors, shedding, limits } = parts
  const open = countInFlight()
  return {
    async admit(knock, route) {
      if (visitors.of(knock.socket, knock.address).isBanned) return keptOut
      if (route.closed) return closedRoute
      const found = inspect(knock, live.current().limits) ?? inspectSize(route, knock) ?? shedding.refuse(route.index)
      if (found) return found
      const askers = limits.askersOf(knock)
      const limited = await limits.admit(knock, route, askers)
      if (limited) return limited
      limits.leave(askers) // what it opens is counted by itself
      return enter(askers) ? undefined : tooManyOpen()
    },
    leave(knock) {
      const { network, session } = limits.askersOf(knock)
      open.leave(network)
      if (session) open.leave(session)
    },
  }

  function enter({ network, session }: Askers): boolean {
    const { webSocketsNetworkMax, webSocketsSessionMax } = live.current().limits
    if (!open.enter(network, webSocketsNetworkMax)) return false
    if (!session || open.enter(session, webSocketsSessionMax)) return true
    open.leave(network)
    return false
  }
}

function tooManyOpen(): Problem {
  return problem(429, 'edge.too_many_sockets', 'Too many connections are open. Close one first.')
}
