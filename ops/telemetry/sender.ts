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

/** Reads what each of an inventory counts and sends it to the collector. Answers why it was not taken, if it was not. */
export function openSender(
  settings: Settings,
  { endpoint, caFile }: NonNullable<Settings['telemetry']>['otlp'],
): (inventory: readonly TargetGroup[]) => Promise<string | undefined> {
  const exporter = new OTLPMetricExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/metrics`,
    headers: headersOf(settings) ?? {},
    timeoutMillis: answerMsMax,
    httpAgentOptions: { keepAlive: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) },
  })
  return async (inventory) => {
    const read = await Promise.all(inventory.filter(({ labels }) => labels.__scheme__ === 'http').map(readingOf))
    for (const reading of read.filter((one) => one !== undefined)) {
      const failure = await exported(reading)
      if (failure !== undefined) return failure // the others would wait for it as long
    }
    return undefined
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
