import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import type { Family } from './exposition.ts'

type Times = { startTime: HrTime; endTime: HrTime }

/**
 * What a process counts, as OpenTelemetry has it: counters are monotonic sums since the process began, histograms have each bucket by itself, all else
 * are gauges. Names stay as they are, so that a board asks for the same wherever it looks.
 */
export function figuresOf(families: readonly Family[], now: Date): MetricData[] {
  const began = families.find(({ name }) => name === 'process_start_time_seconds')?.samples[0]?.value
  const times = { startTime: timeOf(began ? began * 1000 : now.getTime()), endTime: timeOf(now.getTime()) }
  return families.flatMap((family) => {
    const data = family.type === 'histogram' ? histogramOf(family, times) : valuesOf(family, times)
    return data.dataPoints.length === 0 ? [] : [data]
  })
}

function valuesOf({ name, help, type, samples }: Family, times: Times): MetricData {
  const dataPoints = samples
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => ({ ...times, attributes: labels as Attributes, value }))
  const common = { ...commonOf(name, help), dataPoints }
  return type === 'counter'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true }
    : { ...common, dataPointType: DataPointType.GAUGE }
}

function histogramOf({ name, help, samples }: Family, times: Times): MetricData {
  const series = new Map<
    string,
    { attributes: Attributes; buckets: Array<[number, number]>; sum: number; count: number }
  >()
  for (const { name: part, labels, value } of samples) {
    const { le, ...attributes } = labels
    const key = JSON.stringify(Object.entries(attributes).sort())
    const one = series.get(key) ?? { attributes, buckets: [], sum: 0, count: 0 }
    series.set(key, one)
    if (part.endsWith('_bucket')) one.buckets.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value])
    else if (part.endsWith('_sum')) one.sum = value
    else one.count = value
  }
  const dataPoints = [...series.values()].map(({ attributes, buckets, sum, count }) => {
    const upTo = buckets.sort(([a], [b]) => a - b)
    const counts = upTo.map(([, cumulative], i) => cumulative - (upTo[i - 1]?.[1] ?? 0))
    const boundaries = upTo.map(([bound]) => bound).filter(Number.isFinite)
    if (counts.length === boundaries.length) counts.push(count - (upTo.at(-1)?.[1] ?? 0))
    return { ...times, attributes, value: { buckets: { boundaries, counts }, sum, count } }
  })
  return { ...commonOf(name, help), dataPointType: DataPointType.HISTOGRAM, dataPoints }
}

function commonOf(name: string, description: string) {
  const unit = /_seconds(_total)?$/.test(name) ? 's' : /_bytes(_total)?$/.test(name) ? 'By' : ''
  return {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
}

function timeOf(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
}
