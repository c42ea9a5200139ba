import type { Sample } from './bridge.ts'

/** Adds up what virtual users noted, under k6's names; the kind of a metric stands before its name. */
export function createTally() {
  const values = new Map<string, number[]>()
  const failures: string[] = []
  return {
    failures,
    add(samples: readonly Sample[], failed: readonly string[]): void {
      failures.push(...failed)
      for (const { metric, value } of samples) {
        const known = values.get(metric)
        if (known) known.push(value)
        else values.set(metric, [value])
      }
    },
    of: (kind: 'trend' | 'counter' | 'rate' | 'check', name: string) =>
      values.get(name === 'checks' ? 'checks' : `${kind}:${name}`) ?? [],
    names: (kind: string) =>
      [...values.keys()].filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1)),
  }
}

export type Tally = ReturnType<typeof createTally>

/** `p(95)`, `avg`, `min`, `med`, `max`, `rate`, `count` of values; 0 when there are none. */
export function statistic(name: string, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const sum = sorted.reduce((total, value) => total + value, 0)
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  const percentile = /^p\((\d+(?:\.\d+)?)\)$/.exec(name)
  if (percentile) return quantile(Number(percentile[1]) / 100)
  switch (name) {
    case 'avg':
    case 'rate':
      return sorted.length === 0 ? 0 : sum / sorted.length
    case 'min':
      return sorted[0] ?? 0
    case 'med':
      return quantile(0.5)
    case 'max':
      return sorted.at(-1) ?? 0
    case 'count':
      return sum
    default:
      throw new Error(`"${name}" is not a statistic known here.`)
  }
}

export type Judged = { metric: string; condition: string; found: number; passed: boolean }

/** The thresholds of a script against what was measured. @throws Error for a condition that cannot be read */
export function judge(tally: Tally, thresholds: Record<string, string[]>): Judged[] {
  return Object.entries(thresholds).flatMap(([metric, conditions]) =>
    conditions.map((condition) => {
      const [, name = '', operator = '', limit = ''] = /^([\w().]+)\s*(<=|>=|==|<|>)\s*([\d.]+)$/.exec(condition) ?? []
      if (name === '') throw new Error(`The threshold "${condition}" of ${metric} cannot be read.`)
      const values = (['trend', 'counter', 'rate'] as const)
        .map((kind) => tally.of(kind, metric))
        .find((each) => each.length > 0)
      const found = statistic(name, values ?? [])
      return { metric, condition, found, passed: compare(found, operator, Number(limit)) }
    }),
  )
}

function compare(found: number, operator: string, limit: number): boolean {
  if (operator === '<') return found < limit
  if (operator === '>') return found > limit
  if (operator === '<=') return found <= limit
  if (operator === '>=') return found >= limit
  return found === limit
}
