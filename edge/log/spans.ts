import { readFileSync } from 'node:fs'
import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Face } from '../faces.ts'
import { spans as counter } from '../metrics.ts'
import type { TelemetryConfig } from './telemetry.ts'
import type { Trace } from './trace.ts'

/** Spans that wait or are on their way; what comes besides is counted and dropped. */
const waitingMax = 4096
const batchMax = 512
const everyMs = 2000
/** The collector's time for a batch, tries together. */
const answerMsMax = 5000
/** At the end, what waits yet has so long. */
const lastMsMax = 1000

/** A request that was answered, as its span tells it: by its route, since a path may hold ids, and nothing of whose it was. */
export type Answered = {
  trace: Trace
  face: Face
  method: string
  route: string
  class: string
  version: string
  status: number
  core: string
  tries: number
  ms: number
}

export type SpanLog = { note(answered: Answered): void; close(): Promise<void> }

/**
 * Tells a collector (OpenTelemetry, OTLP over HTTP) of requests that are followed: the first span of each, which the cores' hang below. One that
 * is away or slow costs memory for `waitingMax` spans and no more.
 */
export function openSpanLog({ endpoint, caFile, headersFile, instance }: TelemetryConfig): SpanLog {
  for (const outcome of ['sent', 'failed', 'dropped']) counter.inc({ outcome }, 0)
  let waiting = 0
  let next: Trace
  const otlp = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: headersFile === undefined ? {} : JSON.parse(readFileSync(headersFile, 'utf8')),
    timeoutMillis: answerMsMax,
    concurrencyLimit: 1,
    httpAgentOptions: { keepAlive: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) },
  })
  const exporter: SpanExporter = {
    export: (batch, hear) =>
      otlp.export(batch, (result) => {
        waiting -= batch.length
        counter.inc({ outcome: result.code === 0 ? 'sent' : 'failed' }, batch.length)
        hear(result)
      }),
    shutdown: () => otlp.shutdown(),
  }
  const batches = new BatchSpanProcessor({
    exporter,
    maxQueueSize: waitingMax,
    maxExportBatchSize: batchMax,
    scheduledDelayMillis: everyMs,
    exportTimeoutMillis: 2 * answerMsMax,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'countroom-edge',
      'service.namespace': 'countroom',
      'service.instance.id': instance,
    }),
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId }, // a core was told them already
    spanProcessors: [batches],
  })
  const tracer = provider.getTracer('countroom')
  return {
    note(answered) {
      if (waiting >= waitingMax) return void counter.inc({ outcome: 'dropped' })
      waiting++
      next = answered.trace
      const { method, route, status } = answered
      const end = Date.now()
      const span = tracer.startSpan(
        `${method} ${route}`,
        { kind: SpanKind.SERVER, startTime: end - answered.ms, attributes: attributesOf(answered) },
        contextOf(answered.trace),
      )
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(end)
    },
    close: () => Promise.race([provider.shutdown().catch(() => {}), patience(lastMsMax)]),
  }
}

function patience(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function attributesOf({ face, method, route, class: routeClass, version, status, core, tries }: Answered) {
  return {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'network.protocol.version': version,
    'url.scheme': 'https',
    'countroom.face': face,
    'countroom.class': routeClass,
    ...(core === '' ? {} : { 'countroom.core': core }),
    'countroom.tries': tries,
    ...(status >= 500 ? { 'error.type': String(status) } : {}),
  }
}

function contextOf({ traceId, parentSpanId }: Trace) {
  if (parentSpanId === undefined) return ROOT_CONTEXT
  const parent: SpanContext = { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
  return trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(parent))
}
