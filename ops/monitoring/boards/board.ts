/** A dashboard as data: what it is for, and panels with what they ask of Prometheus. */
export type Panel = {
  title: string
  /** What it shows, and when to worry. */
  about: string
  /** Grafana's name of the unit. */
  unit: 's' | 'percentunit' | 'reqps' | 'short' | 'bytes' | 'bool' | 'ops'
  /** Of `now`, one figure; otherwise a curve. */
  shows?: 'now'
  queries: Record<string, string>
}
export type Board = { uid: string; title: string; about: string; panels: readonly Panel[] }

/** Quantiles of a histogram, as queries of a panel. */
export function quantiles(histogram: string, labels = '', by = 'le'): Record<string, string> {
  const rate = `sum by (${by}) (rate(${histogram}_bucket${labels}[$__rate_interval]))`
  return Object.fromEntries(
    [0.5, 0.95, 0.99].map((share) => [`p${share * 100}`, `histogram_quantile(${share}, ${rate})`]),
  )
}

/** How old what a gauge of an instant tells is. */
export const age = (gauge: string, by = ''): string => `time() - min${by} (${gauge})`

/** Of a counter, a second, summed by labels. */
export const rate = (counter: string, by: string) => `sum by (${by}) (rate(${counter}[$__rate_interval]))`
