import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry, register } from 'prom-client'
import type { EdgeConfig } from './config.ts'
import { type Face, faces } from './faces.ts'
import { type Route, routeClasses } from './route.ts'
import { hasRole, privateTls } from './tls/contexts.ts'
import { type Certificates, openCertificates } from './tls/files.ts'
import { watchPeers } from './tls/peers.ts'

const requests = new Counter({
  name: 'countroom_edge_requests_total',
  help: 'Requests by listener, class of route, class of status and core.',
  labelNames: ['listener', 'class', 'status', 'core'],
})
const durations = new Histogram({
  name: 'countroom_edge_request_seconds',
  help: 'Time from the whole head of a request to the end of its answer.',
  labelNames: ['listener', 'class'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})
export const retries = new Counter({
  name: 'countroom_edge_retries_total',
  help: 'Tries after the first.',
  labelNames: ['listener'],
})
export const hedges = new Counter({
  name: 'countroom_edge_hedges_total',
  help: 'Requests sent to a second core because the first was late.',
  labelNames: ['listener'],
})
export const spans = new Counter({
  name: 'countroom_edge_spans_total',
  help: 'Spans by what became of them: sent, failed (the collector did not take them), dropped (too many were waiting).',
  labelNames: ['outcome'],
})
export const refusals = new Counter({
  name: 'countroom_edge_refusals_total',
  help: 'Requests the gate refused.',
  labelNames: ['code'],
})
export const limited = new Counter({
  name: 'countroom_edge_limited_total',
  help: 'Requests refused by a rule.',
  labelNames: ['rule'],
})
export const shadowed = new Counter({
  name: 'countroom_edge_shadowed_total',
  help: 'Requests that a rule in shadow would have refused.',
  labelNames: ['rule'],
})
export const together = new Gauge({
  name: 'countroom_edge_limits_together',
  help: '1 while hosts count together in Redis.',
  aggregator: 'min',
})
export const sheddingLevel = new Gauge({
  name: 'countroom_edge_shedding_level',
  help: '0 when nothing is turned away; 1 reports, 2 reading, 3 changes, 4 bets, 5 withdrawals besides.',
  aggregator: 'max',
})
export const visitorProblems = new Counter({
  name: 'countroom_edge_network_file_problems_total',
  help: 'Files of countries or networks that changed and could not be read; what was read before goes on to count.',
})
export const coreHealthy = new Gauge({
  name: 'countroom_edge_core_healthy',
  help: '1 when a worker holds the core for sound.',
  labelNames: ['core'],
})
const certificateBegan = new Gauge({
  name: 'countroom_certificate_begin_timestamp_seconds',
  help: 'When a certificate that the edge shows began: `internal` to the cores, else on the listener.',
  labelNames: ['use'],
  aggregator: 'min',
})
const certificateEnds = new Gauge({
  name: 'countroom_certificate_end_timestamp_seconds',
  help: 'When a certificate that the edge shows ends.',
  labelNames: ['use'],
  aggregator: 'min',
})
const listRead = new Gauge({
  name: 'countroom_revocation_list_timestamp_seconds',
  help: 'When the revocation list that the edge goes by was written.',
  aggregator: 'min',
})
export const stapleEnds = new Gauge({
  name: 'countroom_edge_staple_end_timestamp_seconds',
  help: 'Until when what the authority said of a certificate may be shown with it; 0 where its responder gave nothing good.',
  labelNames: ['use'],
  aggregator: 'min',
})
export const webSockets = new Gauge({ name: 'countroom_edge_websockets', help: 'WebSockets passed through.' })

const requestsBy = new Map<string, Array<Counter.Internal | undefined>>() // of a core: by face, class and status
const durationsBy: Array<Histogram.Internal<'listener' | 'class'> | undefined> = []

/** Counts a request that was answered. What its labels are is found once: of each there are few, whatever is asked. */
export function countRequest(face: Face, route: Route, status: number, core: string, seconds: number): void {
  const place = faces.indexOf(face) * routeClasses.length + route.index
  const family = Math.floor(status / 100)
  const ofCore = requestsBy.get(core) ?? []
  if (ofCore.length === 0) requestsBy.set(core, ofCore)
  const labels = { listener: face, class: route.class }
  const counter = ofCore[place * 10 + family] ?? requests.labels({ ...labels, status: `${family}xx`, core })
  ofCore[place * 10 + family] = counter
  counter.inc()
  const histogram = durationsBy[place] ?? durations.labels(labels)
  durationsBy[place] = histogram
  histogram.observe(seconds)
}

/** Tells from when to when a certificate is good, and of when its revocation list is, now and after each change. */
export function observeCertificates(use: string, certificates: Certificates): void {
  const tell = () => {
    certificateBegan.set({ use }, certificates.beginSeconds)
    certificateEnds.set({ use }, certificates.endSeconds)
    if (certificates.listSeconds) listRead.set(certificates.listSeconds)
  }
  tell()
  certificates.onChange(tell)
}

/** What the supervisor itself counts, beside its workers. */
const ofSupervisor = new Registry()
export const acmeFailures = new Gauge({
  name: 'countroom_edge_acme_failures',
  help: 'Tries in a row that brought no new certificate; 0 after one that did.',
  registers: [ofSupervisor],
})

/**
 * In a worker: answers the supervisor when it asks what was counted. A spare one does so too, or the others would be waited for in vain, but
 * with nothing: its gauges, which nobody has set, would be the lowest.
 */
export function answerSupervisor(): void {
  AggregatorRegistry.setRegistries([])
  new AggregatorRegistry()
}

/** In a worker that serves: counts what the process itself needs. */
export function observeProcess(): void {
  AggregatorRegistry.setRegistries([register])
  collectDefaultMetrics({ labels: { process: 'edge' } })
}

/** The supervisor's plain listener, and one over mutual TLS where it is wanted: liveness, readiness, and the workers' metrics added up. */
export async function startManagement(options: {
  config: Pick<EdgeConfig, 'listen' | 'tls'>
  ready(): string[]
  /** Whether a worker answers its supervisor: one that hangs does not, though the system takes connections for it. */
  answers(): Promise<boolean>
}): Promise<Server[]> {
  const { listen, tls } = options.config
  const registry = new AggregatorRegistry()
  const answerAll: RequestListener = async (request, response) => {
    const answer = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body)
    if (request.url === '/health/live') return answer(200, 'application/json', '{"live":true}')
    if (request.url === '/health/answers') {
      const answers = await options.answers()
      return answer(answers ? 200 : 503, 'application/json', JSON.stringify({ answers }))
    }
    if (request.url === '/health/ready') {
      const missing = options.ready()
      return answer(
        missing.length === 0 ? 200 : 503,
        'application/json',
        JSON.stringify({ ready: missing.length === 0, missing }),
      )
    }
    if (request.url === '/metrics') {
      const text = await registry.clusterMetrics().catch(() => undefined) // a worker that is just dying does not answer
      if (text === undefined) return answer(503, 'text/plain', 'not now')
      return answer(200, registry.contentType, `${text}${await ofSupervisor.metrics()}`)
    }
    answer(404, 'text/plain', 'not found')
  }
  const servers = [await opened(createServer(answerAll), listen.metrics)]
  if (listen.scrape) servers.push(await opened(privateServer(openCertificates(tls), answerAll), listen.scrape))
  return servers
}

/** For who collects metrics from another machine: with a certificate of that role. */
function privateServer(certificates: Certificates, answer: RequestListener): Server {
  const context = () => privateTls(certificates.current())
  const server = createSecureServer({ ...context(), requestCert: true, rejectUnauthorized: true }, answer)
  certificates.onChange(() => server.setSecureContext(context()))
  const watch = watchPeers(certificates)
  server.on('secureConnection', (socket) => {
    if (!hasRole(socket.getPeerCertificate(), ['scraper'])) socket.destroy()
    else watch(socket)
  })
  return server
}

function opened(server: Server, { host, port }: { host: string; port: number }): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
