import { pino } from 'pino'
import { openCores } from './balance/cores.ts'
import { forward } from './balance/forward.ts'
import { createUpgrades } from './balance/upgrade.ts'
import { type EdgeConfig, faces } from './config.ts'
import { createControl } from './control.ts'
import { readBody } from './guard/body.ts'
import { inspect } from './guard/gate.ts'
import { requestHeaders } from './guard/headers.ts'
import { newRequestId } from './ids.ts'
import { openLimits } from './limit/limits.ts'
import { openLimitMemory } from './limit/memory.ts'
import type { Exchange } from './listen/exchange.ts'
import { addressOf } from './listen/http1.ts'
import { listen } from './listen/listener.ts'
import { AccessLog } from './log/access-log.ts'
import * as metrics from './metrics.ts'
import { type Problem, problem, sendProblem } from './problem.ts'
import { openRoutes } from './routes.ts'
import { openClients } from './tls/clients.ts'
import { openCertificates } from './tls/files.ts'

const safe = new Set(['GET', 'HEAD'])
const oauthPaths = '/oauth/'
/** What the operator face answers to who has no certificate yet; a token or an older certificate is asked for there. */
const enrolmentPaths = ['/api/pki/enrolments/use', '/api/pki/renewals', '/pki/ca.pem', '/pki/revoked.pem']

/** One worker: three public listeners, the gate, and the way to the cores. */
export async function runWorker(config: EdgeConfig, sharedFd: number | undefined): Promise<{ stop(): Promise<void> }> {
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
  let draining = false

  const internal = openCertificates(config.tls)
  metrics.observeCertificates('internal', internal)
  const cores = openCores(config, internal, (core, healthy) => {
    metrics.coreHealthy.set({ core }, healthy ? 1 : 0)
    log[healthy ? 'info' : 'warn']({ core, healthy }, healthy ? 'core is sound' : 'core is out')
    process.send?.({ healthy: cores.anyHealthy() })
  })
  const upgrades = createUpgrades(config, internal, cores)
  const control = createControl(cores, () => draining)
  const routes = openRoutes()
  const limits = openLimits({
    rules: config.limits.rules,
    inFlight: { network: config.limits.inFlightNetworkMax, session: config.limits.inFlightSessionMax },
    memory: openLimitMemory(sharedFd),
    workers: config.workers,
    onRefused: (rule) => metrics.limited.inc({ rule }),
    onShadow: (rule) => metrics.shadowed.inc({ rule }),
  })
  const clients = openClients()

  const listeners = await Promise.all(
    faces.map((face) =>
      listen(face, config, {
        take: (exchange) => void take(exchange),
        refuse,
        upgrade:
          face === 'player'
            ? (request, socket, head) => {
                upgrades.take(request, socket, head, { requestId: newRequestId(), address: addressOf(socket) })
                metrics.webSockets.set(upgrades.open)
              }
            : undefined,
      }),
    ),
  )
  return {
    async stop() {
      draining = true
      upgrades.close()
      const hard = setTimeout(() => {
        for (const listener of listeners) listener.closeAll()
      }, config.limits.drainSecondsMax * 1000)
      for (const listener of listeners) {
        listener.drain()
        listener.closeIdle()
      }
      await Promise.all(listeners.map(({ closed }) => closed))
      clearTimeout(hard)
      limits.close()
      await cores.close()
      log.flush()
      accesses?.close()
    },
  }

  async function take(exchange: Exchange): Promise<void> {
    const refusal = inspect(exchange, config.limits) ?? nameless(exchange)
    if (refusal) return refuse(exchange, refusal)
    const route = routes.of(exchange.face, exchange.method, pathOf(exchange.target))
    const askers = limits.askersOf(exchange)
    const limited = limits.admit(exchange, route, askers)
    if (limited) return refuse(exchange, limited)
    try {
      if (exchange.target.startsWith('/edge/')) await control(exchange)
      else await pass(exchange)
    } finally {
      limits.leave(askers)
    }
  }

  /** Reads the body and has a core answer. */
  async function pass(exchange: Exchange): Promise<void> {
    const { face, method, requestId, target } = exchange
    const body = await readBody(exchange, config.limits.bodyBytesMax)
    if (!Buffer.isBuffer(body)) return refuse(exchange, body)
    const became = await forward(
      cores,
      {
        exchange,
        body,
        headers: requestHeaders(exchange, {
          requestId,
          address: exchange.address,
          bodyBytes: body.length,
          certificate: face === 'player' ? undefined : clients.certificateOf(exchange.socket),
        }),
        repeatable: safe.has(method) || exchange.header('idempotency-key') !== undefined,
      },
      config.limits.forwardSecondsMax,
    )
    if (became.problem) sendProblem(exchange, became.problem)
    const seconds = (performance.now() - exchange.startedMs) / 1000
    metrics.requests.inc({ listener: face, status: `${Math.floor(became.status / 100)}xx`, core: became.core })
    metrics.durations.observe({ listener: face }, seconds)
    if (became.tries > 1) metrics.retries.inc({ listener: face }, became.tries - 1)
    accesses?.note({
      requestId,
      listener: face,
      method,
      path: pathOf(target),
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
