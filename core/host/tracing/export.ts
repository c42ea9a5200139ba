import { readFileSync } from 'node:fs'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { Counter } from 'prom-client'
import type { TelemetryConfig } from './config.ts'

const spans = new Counter({
  name: 'countroom_spans_total',
  help: 'Spans by what became of them: sent, failed (the collector did not take them), dropped (too many were waiting).',
  labelNames: ['outcome'],
})

/** Spans that wait or are on their way; what comes besides is counted and dropped. */
const waitingMax = 4096
const batchMax = 512
const everyMs = 2000
/** The collector's time for a batch, tries together. */
const answerMsMax = 5000

/** Sends spans in batches, one at a time, off the way of any request: a collector that is away or slow costs memory for `waitingMax` spans and no more. */
export function openExport({ endpoint, caFile, headersFile }: TelemetryConfig): SpanProcessor {
  for (const outcome of ['sent', 'failed', 'dropped']) spans.inc({ outcome }, 0)
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: headersFile === undefined ? {} : JSON.parse(readFileSync(headersFile, 'utf8')),
    timeoutMillis: answerMsMax,
    concurrencyLimit: 1,
    httpAgentOptions: { keepAlive: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) },
  })
  return new CountedSpans(exporter)
}

/** The batching of the library, with an end to what waits that counts what is on its way too. */
class CountedSpans implements SpanProcessor {
  readonly #batches: BatchSpanProcessor
  #waiting = 0

  constructor(exporter: SpanExporter) {
    const counted: SpanExporter = {
      export: (batch, hear) =>
        exporter.export(batch, (result) => {
          this.#waiting -= batch.length
          spans.inc({ outcome: result.code === 0 ? 'sent' : 'failed' }, batch.length)
          hear(result)
        }),
      shutdown: () => exporter.shutdown(),
    }
    this.#batches = new BatchSpanProcessor({
      exporter: counted,
      maxQueueSize: waitingMax,
      maxExportBatchSize: batchMax,
      scheduledDelayMillis: everyMs,
      exportTimeoutMillis: 2 * answerMsMax,
    })
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= waitingMax) return void spans.inc({ outcome: 'dropped' })
    this.#waiting++
    this.#batches.onEnd(span)
  }

  forceFlush = () => this.#batches.forceFlush()
  shutdown = () => this.#batches.shutdown()
}
