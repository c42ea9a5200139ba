import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { Refusal } from '#base'
import type { TelemetryConfig } from './config.ts'
import { openExport } from './export.ts'

/** Names and attributes of spans are words of the program: no value of a statement, no path, no id of a person ever stands in them. */
export type Spans = {
  /** What the present work belongs to, if it is followed; a statement of a lane belongs to all bets of its batch. */
  active(): readonly Span[]
  /** A span below `parent`; below none where it is the first of its trace. */
  begin(name: string, kind: SpanKind, parent: Span | SpanContext | undefined, attributes?: Attributes): Span
  /** Does `work`, all of which belongs to `spans`. */
  within<T>(spans: readonly Span[], work: () => T): T
  /** Does `work` under a span of its own, where it is followed. */
  around<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Does a job, which no request begins: some are drawn to be followed. */
  job<T>(queue: string, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** At the end, what waits yet has so long. */
const lastMsMax = 1000

export function openSpans(role: 'core' | 'work', config: TelemetryConfig): Spans {
  const store = new AsyncLocalStorage<readonly Span[]>()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `countroom-${role}`,
      'service.namespace': 'countroom',
      'service.instance.id': config.instance,
    }),
    sampler: new AlwaysOnSampler(), // whoever asked has decided; what is not followed never comes here
    spanProcessors: [openExport(config)],
  })
  const tracer = provider.getTracer('countroom')
  const nobody: readonly Span[] = []
  const spans: Spans = {
    active: () => store.getStore() ?? nobody,
    begin: (name, kind, parent, attributes = {}) =>
      tracer.startSpan(name, { kind, attributes }, parent ? trace.setSpan(ROOT_CONTEXT, asSpan(parent)) : ROOT_CONTEXT),
    within: (belonging, work) => store.run(belonging, work),
    around(name, work) {
      const [parent] = spans.active()
      return parent ? during(spans.begin(name, SpanKind.INTERNAL, parent), work) : work()
    },
    job: (queue, work) =>
      Math.random() < config.share
        ? during(spans.begin(`process ${queue}`, SpanKind.CONSUMER, undefined), work)
        : work(),
    close: () => Promise.race([provider.shutdown().catch(() => {}), patience(lastMsMax)]),
  }
  return spans

  async function during<T>(span: Span, work: () => Promise<T>): Promise<T> {
    try {
      return await store.run([span], work)
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  }
}

function patience(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function asSpan(parent: Span | SpanContext): Span {
  return 'spanContext' in parent ? parent : trace.wrapSpanContext(parent)
}

/** Why something failed, by its code alone: a message may tell of whom. A refusal is an answer, and no failure. */
export function fail(span: Span, error: unknown): void {
  if (error instanceof Refusal) return void span.setAttribute('countroom.refusal', error.code)
  span.setAttribute('error.type', codeOf(error))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'defect'
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The span that a request comes from, where it is to be followed. Only an edge says so: strangers' headers end there. */
export function sampledParent(traceparent: string | undefined): SpanContext | undefined {
  if (!traceparent?.endsWith('1')) return undefined // flags are 00 or 01; any other odd ones are looked at below
  const [, traceId, spanId] = form.exec(traceparent) ?? []
  return traceId && spanId ? { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } : undefined
}
