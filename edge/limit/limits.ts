import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Route } from '../routes.ts'
import { askerOf } from './asker.ts'
import { knowAskers } from './connection.ts'
import { limitHeaders, retryAfter } from './headers.ts'
import { countInFlight } from './in-flight.ts'
import { type Askers, createLimiter } from './limiter.ts'
import type { LimitMemory } from './memory.ts'
import type { Rule } from './rules.ts'

export type Limits = {
  /** Who asks, for the two below. */
  askersOf(exchange: Exchange): Askers
  /** Counts a request, and gives its answer what is said of limits. Answers why it is kept out, or undefined: then it `leave`s when it is answered. */
  admit(exchange: Exchange, route: Route, askers: Askers): Problem | undefined
  leave(askers: Askers): void
  close(): void
}

const sweepEveryMs = 1000

/** Everything that a worker counts requests by. @param workers of this host, for where they cannot count together */
export function openLimits(options: {
  rules: readonly Rule[]
  inFlight: { network: number; session: number }
  memory: LimitMemory
  workers: number
  onRefused: (rule: string) => void
  onShadow: (rule: string) => void
}): Limits {
  const { memory, inFlight, onRefused } = options
  const limiter = createLimiter({
    rules: options.rules,
    tables: memory.tables,
    secret: (name) => askerOf(memory.hash, 'rule', name),
    part: memory.isShared ? 1 : 1 / options.workers,
    onShadow: options.onShadow,
  })
  const known = knowAskers(memory.hash)
  const underWay = countInFlight()
  const sweeping = setInterval(() => memory.sweep(performance.now()), sweepEveryMs)
  sweeping.unref()
  return {
    askersOf: (exchange) =>
      known.of(exchange.socket, exchange.address, exchange.header('cookie'), exchange.header('authorization')),
    admit(exchange, route, askers) {
      const verdict = limiter.decide(exchange.face, route, askers, memory.sinceMs(exchange.startedMs))
      if (route.class !== 'page' || verdict.refused) exchange.also = limitHeaders(verdict)
      const full = verdict.refused ? undefined : enter(askers)
      const rule = verdict.refused?.rule.name ?? full
      if (rule === undefined) return undefined
      onRefused(rule)
      return full === undefined ? tooMany(retryAfter(verdict), rule) : tooManyAtOnce()
    },
    leave(askers) {
      underWay.leave(askers.network)
      if (askers.session) underWay.leave(askers.session)
    },
    close: () => clearInterval(sweeping),
  }

  function enter({ network, session }: Askers): string | undefined {
    if (!underWay.enter(network, inFlight.network)) return 'in-flight-network'
    if (!session || underWay.enter(session, inFlight.session)) return undefined
    underWay.leave(network)
    return 'in-flight-session'
  }
}

function tooMany(seconds: number, rule: string): Problem {
  const found = problem(429, 'edge.too_many_requests', 'Too many requests. Wait a moment.')
  return { ...found, headers: ['retry-after', String(seconds)], members: { 'violated-policies': [rule] } }
}

function tooManyAtOnce(): Problem {
  return problem(429, 'edge.too_many_at_once', 'Too many requests at the same time. Wait for an answer first.')
}
