import { type Board, quantiles } from './board.ts'

export const engineers: Board = {
  uid: 'countroom-engineers',
  title: 'Countroom: engineers',
  about: 'Whether it works, how fast, and what it stands on.',
  panels: [
    {
      title: 'Budgets are spent this fast',
      about: 'Share that fails, over an hour, by promise.',
      unit: 'percentunit',
      queries: { '{{slo}}': 'slo:sli_error:ratio_rate1h' },
    },
    {
      title: 'Requests by answer',
      about: 'At the edge, every listener.',
      unit: 'reqps',
      queries: { '{{status}}': 'sum by (status) (rate(countroom_edge_requests_total[$__rate_interval]))' },
    },
    {
      title: 'Bets, time',
      about: 'From the request at the core to its answer.',
      unit: 's',
      queries: quantiles('countroom_request_seconds', '{face="player",route=~"/api/games/:game/(fair-)?rounds"}'),
    },
    {
      title: 'Heard',
      about: 'Whether each process gives its metrics.',
      unit: 'bool',
      queries: { '{{instance}}': 'up' },
    },
    {
      title: 'Memory of processes',
      about: 'Resident.',
      unit: 'bytes',
      queries: { '{{instance}}': 'process_resident_memory_bytes' },
    },
    {
      title: 'Loop, late',
      about: 'One turn in a hundred is later than this; beyond 100 ms players feel it.',
      unit: 's',
      queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds' },
    },
    {
      title: 'Processors',
      about: 'Share of all that is busy.',
      unit: 'percentunit',
      queries: { '{{node}}': 'countroom_machine_load_ratio' },
    },
    {
      title: 'Disk, free',
      about: 'Of the home.',
      unit: 'percentunit',
      queries: {
        '{{node}}':
          'countroom_machine_disk_bytes{state="available"} / ignoring(state) countroom_machine_disk_bytes{state="total"}',
      },
    },
    {
      title: 'Connections to PostgreSQL',
      about: 'By what they do. Many idle in transaction is a fault of ours.',
      unit: 'short',
      queries: { '{{state}}': 'sum by (state) (countroom_pool_connections)' },
    },
    {
      title: 'Away',
      about: 'Requests and jobs refused because an engine was away.',
      unit: 'ops',
      queries: { refused: 'sum(rate(countroom_unavailable_total[$__rate_interval]))' },
    },
  ],
}
