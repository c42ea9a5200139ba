import type { Face } from '../faces.ts'
import type { Exchange } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Route } from '../route.ts'
import { askerOf } from './asker.ts'
import { knowAskers } from './connection.ts'
import { limitHeaders, retryAfter } from './headers.ts'
import { countInFlight } from './in-flight.ts'
import { openLeases } from './leases.ts'
import type { Limit } from './limit.ts'
import { type Askers, createLimiter, type Limiter } from './limiter.ts'
import type { LimitMemory } from './memory.ts'
import type { Rule } from './rules.ts'
import type { Store } from './store.ts'
import { meetHosts } from './together.ts'

/** What of an exchange it is counted by, and where it is told what is said of limits. */
export type Asking = Pick<Exchange, 'face' | 'socket' | 'address' | 'startedMs' | 'also' | 'header'>

export type Limits = {
  /** Who asks, for the two below. */
  askersOf(exchange: Asking): Askers
  /**
   * Counts a request, and gives its answer what is said of limits. Answers why it is kept out, or undefined: then it `leave`s when it is answered.
   * A promise, where all hosts decide together.
   */
  admit(exchange: Asking, route: Route, askers: Askers): Problem | undefined | Promise<Problem | undefined>
  leave(askers: Askers): void
  /** Is a core to be asked whose sign-in this is? */
  wantsOwner(face: Face, askers: Askers): boolean
  /** What it said: from now on the sign-in counts as that player's, at all workers of the host. */
  tellOwner(askers: Askers, player: string): void
  /** Goes by other rules from now on; a rule that keeps its name and its pace keeps what it counted. */
  configure(rules: readonly Rule[], inFlight: InFlightMax): void
  close(): void
}

/** Requests that one may have under way at a worker. */
type InFlightMax = { network: number; session: number }

const sweepEveryMs = 1000

/** Everything that a worker counts requests by. @param workers of this host, for where they cannot count together */
export function openLimits(options: {
  rules: readonly Rule[]
  inFlight: InFlightMax
  memory: LimitMemory
  workers: number
  /** Where other hosts are met, and how many there are at least. */
  store?: Store | undefined
  hostsMin?: number
  onRefused: (rule: string) => void
  onShadow: (rule: string) => void
}): Limits {
  const { memory, onRefused, store, hostsMin = 1 } = options
  const leases = store && openLeases(store)
  let inFlight = options.inFlight
  let isByPlayer = options.rules.some(({ by }) => by === 'player')
  let limiter = limiterOf(options.rules)
  const together = store && meetHosts(store, hostsMin, (...share) => limiter.share(...share))
  const known = knowAskers(memory.hash, memory.owners)
  const underWay = countInFlight()
  const sweeping = setInterval(() => memory.sweep(performance.now()), sweepEveryMs)
  sweeping.unref()
  return {
    askersOf: (exchange) =>
      known.of(
        exchange.socket,
        exchange.face,
        exchange.address,
        exchange.header('cookie'),
        exchange.header('authorization'),
      ),
    admit(exchange, route, askers) {
      const verdict = limiter.decide(exchange.face, route, askers, memory.sinceMs(exchange.startedMs))
      if (route.class !== 'page' || verdict.refused) exchange.also = limitHeaders(verdict)
      if (verdict.refused) return refuse(verdict.refused, retryAfter(verdict))
      return verdict.asks ? decided(exchange, route, askers) : entered(askers)
    },
    leave(askers) {
      underWay.leave(askers.network)
      if (askers.session) underWay.leave(askers.session)
    },
    wantsOwner: (face, askers) => face === 'player' && !askers.isOwnerKnown && isByPlayer,
    tellOwner({ session }, player) {
      if (session) memory.owners.tell(session, askerOf(memory.hash, 'player', player))
    },
    configure(rules, inFlightNow) {
      inFlight = inFlightNow
      isByPlayer = rules.some(({ by }) => by === 'player')
      limiter = limiterOf(rules)
      if (together) limiter.share(...together.share())
    },
    close() {
      clearInterval(sweeping)
      leases?.close()
      together?.close()
    },
  }

  function limiterOf(rules: readonly Rule[]): Limiter {
    return createLimiter({
      rules,
      tables: memory.tables,
      secret: (name) => askerOf(memory.hash, 'rule', name),
      part: memory.isShared ? 1 : 1 / options.workers,
      loans: leases,
      onShadow: options.onShadow,
    })
  }

  async function decided(exchange: Asking, route: Route, askers: Askers): Promise<Problem | undefined> {
    for (const limit of limiter.limitsOf(exchange.face, route)) {
      const asker = askers[limit.rule.by]
      if (limit.mode !== 'asked' || asker === undefined || together === undefined) continue
      const waitMs = await together.ask(limit, asker, () => memory.sinceMs(performance.now()))
      if (waitMs > 0 && limit.rule.shadow) options.onShadow(limit.rule.name)
      else if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1000)
        exchange.also = ['ratelimit-policy', limit.policy, 'ratelimit', `"${limit.rule.name}";r=0;t=${seconds}`]
        return refuse(limit, seconds)
      }
    }
    return entered(askers)
  }

  function entered(askers: Askers): Problem | undefined {
    const full = enter(askers)
    if (full === undefined) return undefined
    onRefused(full)
    return tooManyAtOnce()
  }

  function refuse(limit: Limit, seconds: number): Problem {
    onRefused(limit.rule.name)
    return tooMany(seconds, limit.rule.name)
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
