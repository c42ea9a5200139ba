/** What of its metrics a process keeps samples of, and how it is summed up over their labels. */
export type Measure = {
  /** What it is called in a sample. */
  key: string
  metric: string
  /** Which of its series; all where none is said. A histogram's end in `_bucket` and `_count`. */
  of?: (labels: Labels, part: string | undefined) => boolean
  /** Over the series of a process, and over processes where it is a gauge; `farthest` from 0, whichever its sign. */
  by: 'sum' | 'max' | 'min' | 'farthest'
  /** It only grows, from 0 at the start of its process. */
  counts?: true
}

type Labels = Partial<Record<string, string | number>>

const isBet = ({ face, route }: Labels) =>
  face === 'player' && /^\/api\/games\/:game\/(fair-)?rounds$/.test(String(route))
const isDeposit = ({ face, route, method }: Labels) =>
  face === 'player' && route === '/api/deposits' && method === 'POST'
const isFault = ({ status }: Labels) => String(status).startsWith('5')

/** Of the histograms, the buckets that a curve is drawn from; seconds. */
export const betBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const
export const settlementBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const

const buckets = (
  key: string,
  metric: string,
  bounds: readonly number[],
  of: (labels: Labels) => boolean,
): Measure[] => [
  ...bounds.map(
    (bound): Measure => ({
      key: `${key}<${bound}`,
      metric,
      of: (labels, part) => part === `${metric}_bucket` && Number(labels.le) === bound && of(labels),
      by: 'sum',
      counts: true,
    }),
  ),
  { key: `${key}s`, metric, of: (labels, part) => part === `${metric}_count` && of(labels), by: 'sum', counts: true },
]

const requests = (key: string, of: (labels: Labels) => boolean): Measure => ({
  key,
  metric: 'countroom_requests_total',
  of,
  by: 'sum',
  counts: true,
})
const gauge = (key: string, metric: string, by: Measure['by']): Measure => ({ key, metric, by })

export const measures: readonly Measure[] = [
  ...buckets('bet', 'countroom_request_seconds', betBounds, isBet),
  ...buckets('settlement', 'countroom_settlement_seconds', settlementBounds, () => true),
  requests('asked', ({ face }) => face === 'player'),
  requests('faults', (labels) => labels.face === 'player' && isFault(labels)),
  requests('deposits', isDeposit),
  requests('depositFaults', (labels) => isDeposit(labels) && isFault(labels)),
  gauge('waitingBets', 'countroom_lane_waiting', 'sum'),
  gauge('loopLag', 'nodejs_eventloop_lag_p99_seconds', 'max'),
  gauge('memory', 'process_resident_memory_bytes', 'max'),
  gauge('backupAt', 'countroom_backup_timestamp_seconds', 'max'),
  gauge('backupFailedAt', 'countroom_backup_failed_timestamp_seconds', 'max'),
  gauge('drillAt', 'countroom_drill_timestamp_seconds', 'max'),
  gauge('drillFailedAt', 'countroom_drill_failed_timestamp_seconds', 'max'),
  gauge('archivedAt', 'countroom_wal_archive_timestamp_seconds', 'max'),
  gauge('keyDueAt', 'countroom_keys_rotation_due_timestamp_seconds', 'min'),
  gauge('keysBackupAt', 'countroom_keys_backup_timestamp_seconds', 'max'),
  gauge('unsealed', 'countroom_audit_unsealed_age_seconds', 'max'),
  gauge('clockOffset', 'countroom_clock_offset_seconds', 'farthest'),
]
