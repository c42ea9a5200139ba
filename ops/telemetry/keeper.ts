import { readFileSync } from 'node:fs'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Settings } from '../appliance/settings.ts'
import type { TargetGroup } from '../monitoring/targets.ts'
import { readExposition } from './exposition.ts'
import { figuresOf } from './figures.ts'
import { headersOf } from './told.ts'

const answerMsMax = 5000

/**
 * Sends what the processes of this machine count to the collector, again and again, beside them: it asks as Prometheus does, so nobody who serves has to
 * do with the collector. A reading that it does not take is lost, the next one has all of it; whether it takes them is said when that changes.
 */
export function keepTelemetry(
  settings: Settings,
  inventory: readonly TargetGroup[],
  say: (line: string) => void,
): { stop(): Promise<void> } | undefined {
  const { telemetry } = settings
  if (!telemetry?.metrics) return undefined
  const { endpoint, caFile } = telemetry.otlp
  const exporter = new OTLPMetricExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/metrics`,
    headers: headersIn(headersOf(settings) ?? ''),
    timeoutMillis: answerMsMax,
    httpAgentOptions: { keepAlive: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) },
  })
  let complaint = ''
  let isRunning = false
  let running = look()
  const timer = setInterval(() => (running = look()), telemetry.metrics.everySeconds * 1000)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1000))])
    },
  }

  async function look(): Promise<void> {
    if (isRunning) return running
    isRunning = true
    await send().finally(() => {
      isRunning = false
    })
  }

  async function send(): Promise<void> {
    const read = await Promise.all(inventory.filter(({ labels }) => labels.__scheme__ === 'http').map(readingOf))
    const failures: string[] = []
    for (const reading of read.filter((one) => one !== undefined)) {
      const failure = await exported(reading)
      if (failure !== undefined) failures.push(failure)
      if (failures.length > 0) break // it is away; the others would wait for it as long
    }
    const found = failures[0] ?? ''
    if (found === complaint) return
    say(
      found
        ? `The collector of ${endpoint} does not take figures: ${found}`
        : `The collector of ${endpoint} takes figures again.`,
    )
    complaint = found
  }

  function exported(reading: ResourceMetrics): Promise<string | undefined> {
    return new Promise((resolve) => {
      exporter.export(reading, ({ code, error }) => resolve(code === 0 ? undefined : (error?.message ?? 'no answer')))
    })
  }
}

/** Undefined of one that does not answer: that tells itself elsewhere. */
async function readingOf({ targets: [address], labels }: TargetGroup): Promise<ResourceMetrics | undefined> {
  try {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(answerMsMax) })
    if (!answer.ok) return undefined
    const metrics = figuresOf(readExposition(await answer.text()), new Date())
    const resource = resourceFromAttributes({
      'service.name': `countroom-${labels.kind}`,
      'service.namespace': 'countroom',
      'service.instance.id': labels.instance,
    })
    return { resource, scopeMetrics: [{ scope: { name: 'countroom' }, metrics }] }
  } catch {
    return undefined
  }
}

function headersIn(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}
