import { pino } from 'pino'
import { openCores } from './balance/cores.ts'
import { forward } from './balance/forward.ts'
import { createUpgrades } from './balance/upgrade.ts'
import { type EdgeConfig, faces } from './config.ts'
import { createControl } from './control.ts'
import type { Directions, WorkerState } from './crew.ts'
import { readBody } from './guard/body.ts'
import { bodyBytesMaxOf, inspectBody, inspectLength } from './guard/contract.ts'
import { openFriction } from './guard/friction.ts'
import { inspect } from './guard/gate.ts'
import { requestHeaders } from './guard/headers.ts'
import { newRequestId } from './ids.ts'
import { openHostsStore } from './limit/hosts-store.ts'
import { openLimits } from './limit/limits.ts'
import { openLimitMemory } from './limit/memory.ts'
import { openShedding } from './limit/shedding.ts'
import type { Exchange } from './listen/exchange.ts'
import { listen } from './listen/listener.ts'
import { openLive } from './live.ts'
import { AccessLog } from './log/access-log.ts'
import { traceOf } from './log/trace.ts'
import * as metrics from './metrics.ts'
import { type Problem, problem, sendProblem } from './problem.ts'
import { openRoutes, type Route, routeClasses } from './routes.ts'
import { openClients } from './tls/clients.ts'
import { openCertificates } from './tls/files.ts'
import { openVisitors, type Visitor } from './visitors/visitors.ts'

const safe = new Set(['GET', 'HEAD'])
const banned403 = problem(403, 'edge.banned', 'Nothing is served to your network.')
const oauthPaths = '/oauth/'
/** What the operator face answers to who has no certificate yet; a token or an older certificate is asked for there. */
const enrolmentPaths = ['/api/pki/enrolments/use', '/api/pki/renewals', '/pki/ca.pem', '/pki/revoked.pem']

export type RunningWorker = {
  /** Does what is told anew. */
  follow(directions: Directions): void
  state(): WorkerState
  /** Lets what is under way finish, and answers when all is closed. */
  stop(): Promise<void>
}

/** One worker: three public listeners, the gate, and the way to the cores. */
export async function runWorker(first: Directions, sharedFd: number | undefined): Promise<RunningWorker> {
  const live = openLive(first.config)
  const { config } = first
  const log = pino(
    {
      name: config.name,
      level: config.log.level,
      base: { name: config.name, worker: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 1, sync: false, minLength: 4096 }),
  )
  const accesses = log.isLevelEnabled('info') ? new AccessLog(config.name) : undefined
  const flushing = setInterval(() => log.flush(), 1000)
  flushing.unref()
  metrics.observeProcess()
  let stopping = false
  let leaving = false
  let underWay = 0

  const internal = openCertificates(config.tls)
  metrics.observeCertificates('internal', internal)
  const cores = openCores(config, internal, routeClasses, (core, healthy) => {
    if (healthy === undefined) metrics.coreHealthy.remove({ core })
    else metrics.coreHealthy.set({ core }, healthy ? 1 : 0)
    log[healthy ? 'info' : 'warn'](
      { core, healthy },
      healthy === undefined ? 'core is no member any more' : healthy ? 'core is sound' : 'core is out',
    )
    process.send?.({ healthy: cores.anyHealthy() })
  })
  live.onChange((now) => cores.configure(now))
  const upgrades = createUpgrades(live, internal, cores, (open) => metrics.webSockets.set(open))
  const control = createControl(cores, () => stopping || leaving)
  const routes = openRoutes()
  const store = config.redis && openHostsStore(config.redis, internal)
  store?.onChange((open, reason) => {
    metrics.together.set(open ? 1 : 0)
    log[open ? 'info' : 'warn'](
      { reason },
      open ? 'hosts count together' : 'hosts cannot count together; each keeps to its share',
    )
  })
  const inFlightOf = ({ inFlightNetworkMax: network, inFlightSessionMax: session }: EdgeConfig['limits']) => ({
    network,
    session,
  })
  const memory = openLimitMemory(sharedFd)
  const friction = openFriction(() => live.current().friction, memory)
  const limits = openLimits({
    store,
    hostsMin: config.redis?.hostsMin ?? 1,
    rules: config.limits.rules,
    inFlight: inFlightOf(config.limits),
    memory,
    workers: config.workers,
    onRefused: (rule) => metrics.limited.inc({ rule }),
    onShadow: (rule) => metrics.shadowed.inc({ rule }),
  })
  live.onChange((now) => limits.configure(now.limits.rules, inFlightOf(now.limits)))
  const {
    countriesFile: countries,
    bannedFiles: banned,
    anonymousFiles: anonymous,
    tracedNetworks: traced,
  } = config.visitors
  const visitors = openVisitors({ countries, banned, anonymous, traced }, (error) => {
    metrics.visitorProblems.inc()
    log.error({ reason: error.message }, 'a file of networks is not taken; what was read before counts')
  })
  const shedding = openShedding(
    () => live.current().shedding,
    () => underWay / Math.max(1, cores.serving() * live.current().limits.coreConnectionsMax),
    (level) => metrics.sheddingLevel.set(level),
  )
  const clients = openClients()

  const listeners = await Promise.all(
    faces.map((face) =>
      listen(face, config, {
        take: (exchange) => void take(exchange),
        refuse,
        upgrade:
          face === 'player'
            ? (request, socket, head, address) => {
                const route = routes.of(face, 'GET', pathOf(request.url ?? ''))
                upgrades.take(request, socket, head, {
                  requestId: newRequestId(),
                  address,
                  routeClass: route.index,
                  affinity: sessionIn(request.headers.cookie),
                })
              }
            : undefined,
      }),
    ),
  )
  follow(first)
  return {
    follow,
    state: () => ({ webSockets: upgrades.open, requestsUnderWay: underWay, cores: cores.state() }),
    async stop() {
      stopping = true
      const { drainSecondsMax, drainIdleSeconds, drainWebSocketSeconds } = live.current().limits
      for (const listener of listeners) listener.drain()
      upgrades.leave(drainWebSocketSeconds)
      // A connection that is kept alive is served a little longer: its next request may be on its way.
      const idle = setTimeout(() => {
        for (const listener of listeners) listener.closeIdle()
      }, drainIdleSeconds * 1000)
      const hard = setTimeout(() => {
        for (const listener of listeners) listener.closeAll()
        upgrades.close()
      }, drainSecondsMax * 1000)
      await Promise.all(listeners.map(({ closed }) => closed))
      clearTimeout(idle)
      clearTimeout(hard)
      shedding.close()
      visitors.close()
      limits.close()
      store?.close()
      await cores.close()
      log.flush()
      accesses?.close()
    },
  }

  function follow(directions: Directions): void {
    if (directions.config !== live.current()) live.apply(directions.config)
    cores.drain(new Set(directions.drainedCores))
    visitors.ban(directions.bans)
    cores.apply(directions.members)
    if (directions.leaving !== leaving) leave(directions.leaving)
  }

  /** Clients are asked to go elsewhere; whoever comes all the same is served. */
  function leave(yes: boolean): void {
    leaving = yes
    for (const listener of listeners) listener.dismiss(yes)
    if (yes) upgrades.leave(live.current().limits.drainWebSocketSeconds)
  }

  async function take(exchange: Exchange): Promise<void> {
    const visitor = visitors.of(exchange.socket, exchange.address)
    if (visitor.isBanned) return refuse(exchange, banned403)
    const refusal = inspect(exchange, live.current().limits) ?? nameless(exchange)
    if (refusal) return refuse(exchange, refusal)
    const route = routes.of(exchange.face, exchange.method, pathOf(exchange.target))
    const isOurs = exchange.target.startsWith('/edge/')
    const long = inspectLength(route, exchange.target)
    if (long) return refuse(exchange, long)
    const shed = isOurs ? undefined : shedding.refuse(route.index)
    if (shed) return refuse(exchange, shed)
    const askers = limits.askersOf(exchange)
    const verdict = limits.admit(exchange, route, askers)
    const limited = verdict instanceof Promise ? await verdict : verdict
    if (limited) return refuse(exchange, limited)
    try {
      const unproven = friction.inspect(exchange, route, visitor, askers.network)
      if (unproven) refuse(exchange, unproven)
      else if (isOurs) await control(exchange)
      else await pass(exchange, route, visitor)
    } finally {
      friction.note(route, askers.network, exchange.status)
      limits.leave(askers)
    }
  }

  /** Reads the body and has a core answer. */
  async function pass(exchange: Exchange, route: Route, visitor: Visitor): Promise<void> {
    const { face, method, requestId, target } = exchange
    const { limits, gate } = live.current()
    const body = await readBody(exchange, bodyBytesMaxOf(route, limits.bodyBytesMax))
    if (!Buffer.isBuffer(body)) return refuse(exchange, body)
    const wrong = inspectBody(exchange, route, body, gate.documentedOnly)
    if (wrong) return refuse(exchange, wrong)
    const isSafe = safe.has(method)
    const repeatable = isSafe || exchange.header('idempotency-key') !== undefined
    const trace = traceOf(requestId, visitor.isTraced ? exchange.header('traceparent') : undefined)
    underWay++
    const became = await forward(cores, {
      exchange,
      body,
      headers: requestHeaders(exchange, {
        requestId,
        address: exchange.address,
        bodyBytes: body.length,
        country: face === 'player' ? visitor.country : undefined,
        traceparent: trace.traceparent,
        certificate: face === 'player' ? undefined : clients.certificateOf(exchange.socket),
      }),
      repeatable,
      lane: repeatable && route.quick ? route.index : undefined,
      hedgeable: isSafe,
      routeClass: route.index,
      affinity: route.sticky ? sessionIn(exchange.header('cookie')) : undefined,
      secondsMax: Math.max(limits.forwardSecondsMax, route.trySeconds),
      trySecondsMax: Math.min(limits.trySecondsMax, route.trySeconds),
    })
    underWay--
    if (became.problem) sendProblem(exchange, became.problem)
    const seconds = (performance.now() - exchange.startedMs) / 1000
    metrics.countRequest(face, route, became.status, became.core, seconds)
    if (became.tries > 1) metrics.retries.inc({ listener: face }, became.tries - 1)
    if (became.hedged) metrics.hedges.inc({ listener: face })
    accesses?.note({
      requestId,
      listener: face,
      method,
      path: pathOf(target),
      route: route.pattern,
      class: route.class,
      network: visitor.network,
      trace: trace.continued,
      status: became.status,
      core: became.core,
      tries: became.tries,
      ms: Math.round(seconds * 1000),
    })
  }

  /**
   * Where people show certificates, a component that has none yet may still ask for its first, and a tool with one of a client
   * for tokens, and for nothing else.
   */
  function nameless({ face, socket, target }: Exchange): Problem | undefined {
    if (face !== 'operator' || !config.listeners.operator.people) return
    const isClient = clients.certificateOf(socket)?.header === 'x-client-certificate'
    if (socket.authorized && (!isClient || target.startsWith(oauthPaths))) return
    if (enrolmentPaths.includes(target)) return
    return problem(403, 'edge.certificate_required', 'Show the certificate you were given for the back office.')
  }

  function refuse(exchange: Exchange, found: Problem): void {
    const { face, requestId } = exchange
    metrics.refusals.inc({ code: found.code })
    accesses?.refused({ requestId, listener: face, status: found.status, code: found.code })
    sendProblem(exchange, found)
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** By what a player's requests find the core that has their round; undefined of who is not signed in. */
function sessionIn(cookies: string | undefined): string | undefined {
  const begin = cookies?.indexOf(sessionCookie) ?? -1
  if (cookies === undefined || begin === -1) return undefined
  const end = cookies.indexOf(';', begin)
  return cookies.slice(begin + sessionCookie.length, end === -1 ? undefined : end)
}

const sessionCookie = '__Host-session='
