import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { openCores } from './balance/cores.ts'
import { forward } from './balance/forward.ts'
import { createUpgrades } from './balance/upgrade.ts'
import { type EdgeConfig, faces } from './config.ts'
import { createControl } from './control.ts'
import type { Directions, WorkerState } from './crew.ts'
import { readBody } from './guard/body.ts'
import { inspectCertificate } from './guard/certificate.ts'
import { bodyBytesMaxOf, inspectBody, inspectSize } from './guard/contract.ts'
import { openFriction } from './guard/friction.ts'
import { inspect } from './guard/gate.ts'
import { hasKey, requestHeaders } from './guard/headers.ts'
import { newRequestId } from './ids.ts'
import { sessionIn } from './limit/asker.ts'
import { openHostsStore } from './limit/hosts-store.ts'
import type { Askers } from './limit/limiter.ts'
import { openLimits } from './limit/limits.ts'
import { openLimitMemory } from './limit/memory.ts'
import { openShedding } from './limit/shedding.ts'
import type { Exchange } from './listen/exchange.ts'
import { endSoon, refusalText } from './listen/farewell.ts'
import { listen } from './listen/listener.ts'
import { openLive } from './live.ts'
import { AccessLog } from './log/access-log.ts'
import { openAccounts } from './log/accounts.ts'
import { traceOf } from './log/trace.ts'
import * as metrics from './metrics.ts'
import { closedRoute, keptOut, type Problem, sendProblem } from './problem.ts'
import { type Route, routeClasses } from './route.ts'
import { openRoutes, pathOf } from './routes.ts'
import { knockOf, openSockets } from './sockets.ts'
import { openClients } from './tls/clients.ts'
import { openCertificates } from './tls/files.ts'
import { openVisitors, type Visitor } from './visitors/visitors.ts'

const safe = new Set(['GET', 'HEAD'])

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
  const spans = config.telemetry && (await import('./log/spans.ts')).openSpanLog(config.telemetry) // loaded only where it is wanted
  const tracedShare = config.telemetry?.share ?? 0
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
  const upgrades = createUpgrades(internal, cores, (open) => metrics.webSockets.set(open))
  const control = createControl(cores, () => stopping || leaving)
  const routes = openRoutes(config.routes)
  live.onChange((now, before) => {
    if (!isDeepStrictEqual(now.routes, before.routes)) routes.amend(now.routes)
  })
  const accounts = openAccounts(accesses, routes)
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
  const sockets = openSockets({ live, visitors, shedding, limits })

  const listeners = await Promise.all(
    faces.map((face) =>
      listen(face, config, {
        turnedAway: (address) => accounts.turnedAway(face, address),
        take: (exchange) => void take(exchange),
        refuse,
        unread: (address, requestId, found) => accounts.refused({ face, requestId, address }, found),
        upgrade: face === 'player' ? (...asked) => void upgrade(...asked) : undefined,
      }),
    ),
  )
  live.onChange((now, before) => {
    for (const [index, face] of faces.entries()) {
      const { networks } = now.listeners[face]
      if (!isDeepStrictEqual(networks, before.listeners[face].networks)) listeners[index]!.allow(networks)
    }
  })
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
      await spans?.close()
      log.flush()
      await accesses?.close()
    },
  }

  function follow(directions: Directions): void {
    if (directions.config !== live.current()) live.apply(directions.config)
    cores.drain(new Set(directions.drainedCores))
    visitors.ban(directions.bans)
    cores.apply(directions.members)
    listeners[faces.indexOf('player')]!.prove(directions.proofs)
    if (directions.leaving !== leaving) leave(directions.leaving)
  }

  /** Clients are asked to go elsewhere; whoever comes all the same is served. */
  function leave(yes: boolean): void {
    leaving = yes
    for (const listener of listeners) listener.dismiss(yes)
    if (yes) upgrades.leave(live.current().limits.drainWebSocketSeconds)
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<void> {
    const knock = knockOf(request, address)
    const route = routes.of('player', 'GET', pathOf(knock.target))
    const requestId = newRequestId()
    socket.on('error', () => socket.destroy())
    const refused = (found: Problem) => {
      accounts.refused({ ...knock, requestId }, found)
      endSoon(socket, refusalText(found, requestId, knock.also))
    }
    const found = await sockets.admit(knock, route)
    if (found) return refused(found)
    if (socket.destroyed) return sockets.leave(knock) // it went while all hosts were asked
    socket.once('close', () => sockets.leave(knock))
    const affinity = sessionIn(knock.face, request.headers.cookie)
    const told = { requestId, address, routeClass: route.index, affinity }
    const became = await upgrades.take(request, socket, head, told)
    if (became.problem) refused(became.problem)
    else accounts.answered({ ...knock, requestId }, route, visitors.of(knock.socket, address).network, became)
  }

  async function take(exchange: Exchange): Promise<void> {
    const visitor = visitors.of(exchange.socket, exchange.address)
    if (visitor.isBanned) return refuse(exchange, keptOut)
    const refusal = inspect(exchange, live.current().limits) ?? inspectCertificate(exchange, clients, config)
    if (refusal) return refuse(exchange, refusal)
    const route = routes.of(exchange.face, exchange.method, pathOf(exchange.target))
    const isOurs = exchange.target.startsWith('/edge/')
    const turned =
      (route.closed ? closedRoute : inspectSize(route, exchange)) ?? (isOurs ? undefined : shedding.refuse(route.index))
    if (turned) return refuse(exchange, turned)
    const askers = limits.askersOf(exchange)
    const verdict = limits.admit(exchange, route, askers)
    const limited = verdict instanceof Promise ? await verdict : verdict
    if (limited) return refuse(exchange, limited)
    try {
      const unproven = friction.inspect(exchange, route, visitor, askers.network)
      if (unproven) refuse(exchange, unproven)
      else if (isOurs) await control(exchange)
      else await pass(exchange, route, visitor, askers)
    } finally {
      friction.note(route, askers.network, exchange.status)
      limits.leave(askers)
    }
  }

  /** Reads the body and has a core answer. */
  async function pass(exchange: Exchange, route: Route, visitor: Visitor, askers: Askers): Promise<void> {
    const { face, method, requestId } = exchange
    const { limits: most, gate } = live.current()
    const body = await readBody(exchange, bodyBytesMaxOf(route, most.bodyBytesMax))
    if (!Buffer.isBuffer(body)) return refuse(exchange, body)
    const wrong = inspectBody(exchange, route, body, gate.documentedOnly)
    if (wrong) return refuse(exchange, wrong)
    const isSafe = safe.has(method)
    const trace = traceOf(requestId, visitor.isTraced ? exchange.header('traceparent') : undefined, tracedShare)
    const wantsOwner = limits.wantsOwner(face, askers)
    const headers = requestHeaders(exchange, {
      wantsOwner,
      requestId,
      address: exchange.address,
      bodyBytes: body.length,
      country: face === 'player' ? visitor.country : undefined,
      traceparent: trace.traceparent,
      certificate: face === 'player' ? undefined : clients.certificateOf(exchange.socket),
    })
    const repeatable = isSafe || hasKey(headers)
    underWay++
    const became = await forward(cores, {
      exchange,
      body,
      headers,
      repeatable,
      lane: repeatable && route.quick ? route.index : undefined,
      hedgeable: isSafe,
      money: route.money,
      routeClass: route.index,
      onOwner: wantsOwner ? (player) => limits.tellOwner(askers, player) : undefined,
      affinity: route.sticky ? sessionIn(face, exchange.header('cookie')) : undefined,
      secondsMax: Math.max(most.forwardSecondsMax, Math.min(route.trySeconds, most.trySecondsMax)),
      trySecondsMax: Math.min(most.trySecondsMax, route.trySeconds),
    })
    underWay--
    if (became.problem) sendProblem(exchange, became.problem)
    const seconds = accounts.answered(exchange, route, visitor.network, became, trace.continued)
    if (became.tries > 1) metrics.retries.inc({ listener: face }, became.tries - 1)
    if (became.hedged) metrics.hedges.inc({ listener: face })
    if (spans && trace.isFollowed)
      spans.note({
        ...became,
        trace,
        face,
        method,
        route: route.pattern,
        class: route.class,
        version: exchange.version,
        ms: seconds * 1000,
      })
  }

  function refuse(exchange: Exchange, found: Problem): void {
    accounts.refused(exchange, found)
    sendProblem(exchange, found)
  }
}
