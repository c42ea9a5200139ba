import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import { pino } from 'pino'
import { openCores } from './balance/cores.ts'
import { forward } from './balance/forward.ts'
import { createUpgrades } from './balance/upgrade.ts'
import { type EdgeConfig, type Face, faces } from './config.ts'
import { createControl } from './control.ts'
import { readBody } from './guard/body.ts'
import { inspect } from './guard/gate.ts'
import { requestHeaders } from './guard/headers.ts'
import { createLimiter } from './limit/gcra.ts'
import { networkOf } from './limit/network.ts'
import * as metrics from './metrics.ts'
import { bodyOf, type Problem, problem, sendProblem } from './problem.ts'
import { openClients, refuseWrongRole, rolesShown } from './tls/clients.ts'
import { publicTls } from './tls/contexts.ts'
import { type Certificates, openCertificates } from './tls/files.ts'
import { watchPeers } from './tls/peers.ts'

const safe = new Set(['GET', 'HEAD'])
const oauthPaths = '/oauth/'
/** What the operator face answers to who has no certificate yet; a token or an older certificate is asked for there. */
const enrolmentPaths = ['/api/pki/enrolments/use', '/api/pki/renewals', '/pki/ca.pem', '/pki/revoked.pem']

/** One worker: three public listeners, the gate, and the way to the cores. */
export async function runWorker(config: EdgeConfig): Promise<{ stop(): Promise<void> }> {
  const log = pino(
    {
      name: config.name,
      level: config.log.level,
      base: { name: config.name, worker: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 1, sync: false, minLength: 4096 }),
  )
  const flushing = setInterval(() => log.flush(), 1000)
  flushing.unref()
  metrics.observeProcess()
  let draining = false

  const internal = openCertificates(config.tls)
  observe('internal', internal)
  const cores = openCores(config, internal, (core, healthy) => {
    metrics.coreHealthy.set({ core }, healthy ? 1 : 0)
    log[healthy ? 'info' : 'warn']({ core, healthy }, healthy ? 'core is sound' : 'core is out')
    process.send?.({ healthy: cores.anyHealthy() })
  })
  const upgrades = createUpgrades(config, internal, cores)
  const control = getRequestListener(createControl(cores, () => draining).fetch, { overrideGlobalObjects: false })
  const limiter = createLimiter({
    perSecond: config.limits.requestsPerSecondMax,
    burst: config.limits.requestsBurstMax,
  })
  const pending = new WeakMap<Duplex, number>() // answers under way per connection
  const clients = openClients()
  const parked = new WeakSet<Duplex>() // connections to be closed once their answers are out

  const servers = await Promise.all(faces.map(listen))
  return {
    async stop() {
      draining = true
      upgrades.close()
      const hard = setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, config.limits.drainSecondsMax * 1000)
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      clearTimeout(hard)
      await cores.close()
      log.flush()
    },
  }

  function listen(face: Face): Promise<Server> {
    const { host, port, cert, key } = config.listeners[face]
    const shown = rolesShown(face, config.listeners.operator.people)
    const { ca, crl } = config.tls
    const certificates = openCertificates({ cert, key, ...(shown ? { ca, crl } : {}) })
    observe(face, certificates)
    const server = createServer({
      ...publicTls(certificates.current()),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: config.limits.handshakeSecondsMax * 1000,
      ...(shown ? { requestCert: true, rejectUnauthorized: false } : {}), // who shows none is told so, in our words
      maxHeaderSize: config.limits.headerBytesMax,
      headersTimeout: config.limits.headersSecondsMax * 1000,
      requestTimeout: config.limits.requestSecondsMax * 1000,
      keepAliveTimeout: config.limits.keepAliveSecondsMax * 1000,
      connectionsCheckingInterval: 1000,
      httpValidation: 'strict',
      requireHostHeader: false, // the gate asks for it, and answers in our words
    } as Parameters<typeof createServer>[0])
    certificates.onChange(() => server.setSecureContext(publicTls(certificates.current())))
    if (shown) {
      const watch = watchPeers(certificates)
      server.on('secureConnection', (socket) => {
        refuseWrongRole(socket, shown)
        watch(socket)
      })
    }
    server.on('request', (request, response) => void take(face, request, response))
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue()
      void take(face, request, response)
    })
    server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) =>
      refuse(
        face,
        response,
        problem(417, 'edge.expectation', 'Nothing but 100-continue is expected here.'),
        newRequestId(),
      ),
    )
    server.on('clientError', onClientError)
    if (face === 'player')
      server.on('upgrade', (request, socket, head) => {
        upgrades.take(request, socket, head, { requestId: newRequestId(), address: addressOf(request) })
        metrics.webSockets.set(upgrades.open)
      })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => resolve(server))
    })
  }

  async function take(face: Face, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now()
    const requestId = newRequestId()
    const socket = request.socket
    pending.set(socket, (pending.get(socket) ?? 0) + 1)
    response.once('close', () => settle(socket))

    const found = inspect(request, config.limits) ?? limited(request, startedMs) ?? nameless(face, request)
    if (found) return refuse(face, response, found, requestId)
    const path = request.url ?? '/'
    if (path.startsWith('/edge/')) return control(request, response)

    const body = await readBody(request, config.limits.bodyBytesMax)
    if (!Buffer.isBuffer(body)) return refuse(face, response, body, requestId)
    const method = request.method ?? 'GET'
    const became = await forward(
      cores,
      {
        face,
        method,
        path,
        body,
        requestId,
        headers: requestHeaders(request, {
          requestId,
          address: addressOf(request),
          bodyBytes: body.length,
          certificate: face === 'player' ? undefined : clients.certificateOf(request.socket as TLSSocket),
        }),
        repeatable: safe.has(method) || request.headers['idempotency-key'] !== undefined,
        closing: () => draining,
      },
      response,
      config.limits.forwardSecondsMax,
    )
    if (became.problem) sendProblem(response, became.problem, requestId)
    const seconds = (performance.now() - startedMs) / 1000
    metrics.requests.inc({ listener: face, status: `${Math.floor(became.status / 100)}xx`, core: became.core })
    metrics.durations.observe({ listener: face }, seconds)
    if (became.tries > 1) metrics.retries.inc({ listener: face }, became.tries - 1)
    log.info({
      requestId,
      listener: face,
      method,
      path: path.split('?')[0],
      status: became.status,
      core: became.core,
      tries: became.tries,
      ms: Math.round(seconds * 1000),
    })
  }

  function limited(request: IncomingMessage, nowMs: number): Problem | undefined {
    return limiter.admit(networkOf(addressOf(request)), nowMs).admitted
      ? undefined
      : problem(429, 'edge.too_many_requests', 'Too many requests. Wait a moment.')
  }

  /**
   * Where people show certificates, a component that has none yet may still ask for its first, and a tool with one of a client
   * for tokens, and for nothing else.
   */
  function nameless(face: Face, request: IncomingMessage): Problem | undefined {
    if (face !== 'operator' || !config.listeners.operator.people) return
    const socket = request.socket as TLSSocket
    const isClient = clients.certificateOf(socket)?.header === 'x-client-certificate'
    if (socket.authorized && (!isClient || request.url?.startsWith(oauthPaths))) return
    if (enrolmentPaths.includes(request.url ?? '')) return
    return problem(403, 'edge.certificate_required', 'Show the certificate you were given for the back office.')
  }

  function refuse(face: Face, response: ServerResponse, found: Problem, requestId: string): void {
    metrics.refusals.inc({ code: found.code })
    log.info({ requestId, listener: face, status: found.status, code: found.code }, 'refused')
    sendProblem(response, found, requestId)
  }

  /** A parse error behind a request must not cost that request its answer: it waits until the answer is out. */
  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if ((pending.get(socket) ?? 0) > 0) {
      parked.add(socket)
      return
    }
    const found = problemOfParser(error)
    metrics.refusals.inc({ code: found.code })
    const body = bodyOf(found, newRequestId())
    socket.end(
      `HTTP/1.1 ${found.status} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
  }

  function settle(socket: Duplex): void {
    const left = (pending.get(socket) ?? 1) - 1
    pending.set(socket, left)
    if (left === 0 && parked.has(socket)) socket.end()
  }
}

function observe(use: string, certificates: Certificates): void {
  const tell = () => {
    metrics.certificateBegan.set({ use }, certificates.beginSeconds)
    metrics.certificateEnds.set({ use }, certificates.endSeconds)
    if (certificates.listSeconds) metrics.listRead.set(certificates.listSeconds)
  }
  tell()
  certificates.onChange(tell)
}

function problemOfParser(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'HPE_HEADER_OVERFLOW') return problem(431, 'edge.headers_too_large', 'The headers are too large.')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem(408, 'edge.too_slow', 'The request took too long to arrive.')
  return problem(400, 'edge.malformed', 'This is not a request that can be read in one way only.')
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}

function newRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}` // from random bytes Node keeps ready
}
