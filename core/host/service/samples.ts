import { setImmediate } from 'node:timers/promises'
import { register } from 'prom-client'
import { z } from 'zod'
import type { OpenHost } from '../open-host.ts'
import { type Measure, measures } from './measured.ts'

/** What a process knew of itself at an instant; a measure that it does not have is not there. */
type Sample = { at: number; values: Record<string, number> }
export type Sampled = { process: string; samples: Sample[] }

export const everySeconds = 10
/** An hour of them is kept. */
const keptMax = 360
const keptSeconds = 2 * 3600
const kind = 'samples'

const shape = z.object({ at: z.number(), values: z.record(z.string(), z.number()) })

/**
 * Keeps an hour of samples of this process beside those of all others, so that the back office can draw it without Prometheus. They
 * lie in Redis: what is lost with it is drawn as a gap.
 */
export function keepSamples({ cache, config, now }: Pick<OpenHost, 'cache' | 'config' | 'now'>): { stop(): void } {
  const keep = async () => {
    const sample: Sample = { at: now().getTime(), values: await valuesNow() }
    await cache.append({ kind, name: config.name }, JSON.stringify(sample), keptMax, keptSeconds)
  }
  const timer = setInterval(() => void keep().catch(() => {}), everySeconds * 1000)
  timer.unref()
  void keep().catch(() => {})
  return { stop: () => clearInterval(timer) }
}

/** Of every process that has kept some within the last hours. Undefined while Redis is away. */
export async function readSamples(cache: OpenHost['cache']): Promise<Sampled[] | undefined> {
  const lists = await cache.lists(kind)
  if (!lists) return undefined
  const sampled: Sampled[] = []
  for (const { name, items } of lists) {
    sampled.push({ process: name, samples: items.flatMap(sampleOf) })
    await setImmediate() // an hour of a process takes ten milliseconds, and a core has bets to answer between
  }
  return sampled
}

function sampleOf(item: string): Sample[] {
  const read = shape.safeParse(parsed(item))
  return read.success ? [read.data] : []
}

async function valuesNow(): Promise<Record<string, number>> {
  const values: Record<string, number> = {}
  const metrics = new Map<string, Series[]>()
  for (const measure of measures) {
    if (!metrics.has(measure.metric)) metrics.set(measure.metric, await seriesOf(measure.metric))
    const found = summed(measure, metrics.get(measure.metric)!)
    if (found !== undefined) values[measure.key] = found
  }
  return values
}

type Series = { value: number; labels: Partial<Record<string, string | number>>; metricName?: string }

async function seriesOf(name: string): Promise<Series[]> {
  const metric = register.getSingleMetric(name)
  if (!metric) return []
  return (await metric.get()).values as Series[]
}

export function summed(
  { of = () => true, by }: Pick<Measure, 'of' | 'by'>,
  series: readonly Series[],
): number | undefined {
  const values = series.filter(({ labels, metricName }) => of(labels, metricName)).map(({ value }) => value)
  if (values.length === 0) return undefined
  return values.reduce(joined[by])
}

const joined: Record<Measure['by'], (one: number, other: number) => number> = {
  sum: (one, other) => one + other,
  max: (one, other) => Math.max(one, other),
  min: (one, other) => Math.min(one, other),
  farthest: (one, other) => (Math.abs(other) > Math.abs(one) ? other : one),
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
