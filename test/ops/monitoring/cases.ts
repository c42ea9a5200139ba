/** Series in promtool's notation: `0+60x90` is from 0 by 60, ninety times more; one value a minute unless `every` says otherwise. */
type Series = Record<string, string>
type Case = { fires: Series; silent?: Series | Series[]; at: string; every?: string }

const still = '0x600'
const going = '0+60x600'
const avail = 'node_filesystem_avail_bytes{node="n",mountpoint="/"}'
const size = 'node_filesystem_size_bytes{node="n",mountpoint="/"}'

/** For each alert what makes it ring, and what of the same kind does not. Time begins with 0. */
export const cases: Record<string, Case> = {
  AuditLogBroken: level('countroom_audit_log_broken', 1, 0),
  AuditLogContradicts: level('countroom_audit_proof_sound', 0, 1),
  AuditWitnessRefuses: counted('countroom_audit_witness_refusals_total{witness="w"}', '0x5 1x60'),
  AuditNotSealed: level('countroom_audit_unsealed_age_seconds', 120, 2),
  AuditNotWritable: counted('countroom_audit_unwritten_total', '0x7 3x60'),
  AuditShippingBehind: level('countroom_audit_shipping_lag_seconds', 90, 1),
  AuditShippingContradicts: level('countroom_audit_shipping_sound', 0, 1),
  AuditArchiveOverdue: { ...level('countroom_audit_archive_overdue_days', 3, 0), at: '15m' },
  SomethingAway: counted('countroom_unavailable_total', '0+30x60'),
  ClocksDiffer: level('countroom_clock_skew_seconds', -2, 0.01),
  ClockWrong: level('countroom_clock_offset_seconds{instance="i"}', -0.501, -0.499),
  ClockNotHeld: { ...level('countroom_clock_synchronised{instance="i"}', 0, 1), at: '20m' },
  ClockUnknown: { ...absent('countroom_clock_offset_seconds'), at: '20m' },
  GeneratorClosed: level('countroom_rng_sound{instance="i"}', 0, 1),
  ReturnOutside: level('countroom_games_return_outside{game="dice",version="v"}', 1, 0),
  KeyAgentFails: counted('countroom_keys_operations_total{outcome="failed"}', '0x5 1x60'),
  KeyAgentRefuses: counted('countroom_keys_operations_total{outcome="refused",role="core"}', '0+5x60'),
  KeyJournalBroken: {
    fires: { countroom_keys_journal_broken_timestamp_seconds: '500000x2100' },
    silent: { countroom_keys_journal_broken_timestamp_seconds: '0x2100' },
    every: '5m',
    at: '170h',
  },
  KeyJournalNotShipped: { ...time('countroom_keys_journal_shipped_timestamp_seconds'), at: '30m' },
  KeyRotationOverdue: { ...level('countroom_keys_rotation_due_timestamp_seconds{family="kek"}', 60, 1e9), at: '70m' },
  KeyRotationHangs: hourly('countroom_keys_rotation_open_timestamp_seconds{family="kek"}', '25h'),
  KeyAgeUnknown: { ...absent('countroom_keys_rotation_due_timestamp_seconds{family="kek"}'), at: '15m' },
  KeysNotBackedUp: hourly('countroom_keys_backup_timestamp_seconds', '50h'),
  BackupOverdue: hourly('countroom_backup_timestamp_seconds', '31h'),
  BackupFails: both('countroom_backup_failed_timestamp_seconds', 'countroom_backup_timestamp_seconds'),
  BackupUnknown: { ...absent('countroom_backup_timestamp_seconds'), at: '15m' },
  WalArchiveBehind: time('countroom_wal_archive_timestamp_seconds'),
  DrillOverdue: {
    fires: { countroom_drill_timestamp_seconds: '0x900' },
    silent: { countroom_drill_timestamp_seconds: '0+3600x900' },
    every: '1h',
    at: '842h',
  },
  DrillFails: both('countroom_drill_failed_timestamp_seconds', 'countroom_drill_timestamp_seconds'),
  BooksContradict: level('countroom_ledger_proof_sound', 0, 1),
  BooksNotProven: time('countroom_ledger_proof_timestamp_seconds'),
  BooksProofUnknown: absent('countroom_ledger_proof_sound'),
  NobodyLeads: level('patroni_primary{name="node-1"}', 0, 1),
  CommitsWait: {
    // Two of three are gone, machines and all; who is alone has no others in the inventory; and a third may be away while a second follows.
    fires: {
      ...nodes(1, 0, 0),
      'patroni_primary{node="node-1"}': '1x60',
      'patroni_sync_standby{node="node-1"}': '0x60',
    },
    silent: [
      { ...nodes(1), 'patroni_primary{node="node-1"}': '1x60', 'patroni_sync_standby{node="node-1"}': '0x60' },
      {
        ...nodes(1, 1, 0),
        'patroni_sync_standby{node="node-1"}': '0x60',
        'patroni_sync_standby{node="node-2"}': '1x60',
      },
    ],
    at: '10m',
  },
  NobodyTakesOver: {
    // Who works on a node resumes within minutes.
    fires: { 'patroni_is_paused{name="node-1"}': '1x60', 'patroni_is_paused{name="node-2"}': '0x60' },
    silent: { 'patroni_is_paused{name="node-1"}': '1x8 0x50' },
    at: '15m',
  },
  NodeDoesNotFollow: level('patroni_postgres_running{name="node-3"}', 0, 1),
  StandbyBehind: {
    fires: { patroni_xlog_location: '1000000000x60', patroni_xlog_replayed_location: '500000000x60' },
    silent: { patroni_xlog_location: '1000000000x60', patroni_xlog_replayed_location: '999999000x60' },
    at: '10m',
  },
  SpansLost: { ...counted('countroom_spans_total{instance="i",outcome="dropped"}', '0+5x90'), at: '50m' },
  ExporterSilent: { ...level('pg_up{instance="i"}', 0, 1), at: '20m' },
  MachineDiskFull: {
    fires: { [avail]: '19-0.15x120', [size]: '100x120' },
    silent: { [avail]: '60-0.05x120', [size]: '100x120' },
    at: '90m',
  },
  MachineDiskFills: {
    fires: { [avail]: '45-0.05x200', [size]: '100x200' },
    silent: { [avail]: '45x200', [size]: '100x200' },
    every: '5m',
    at: '9h',
  },
  MachineMemoryPressed: { ...counted('node_pressure_memory_waiting_seconds_total{node="n"}', '0+12x60'), at: '30m' },
  MachineMemoryOut: counted('node_vmstat_oom_kill{node="n"}', '0x5 1x60'),
  MachineClockWrong: level('node_timex_offset_seconds{node="n"}', -0.06, -0.04),
  MachineClockNotHeld: { ...level('node_timex_sync_status{node="n"}', 0, 1), at: '40m' },
  DatabaseConnectionsShort: { ...level('pg_stat_activity_count{node="n",state="idle"}', 90, 80), at: '20m' },
  DatabaseTransactionLong: {
    ...level('pg_stat_activity_max_tx_duration{node="n",datname="countroom"}', 2000, 200),
    at: '20m',
  },
  DatabasePageBroken: counted('pg_stat_database_checksum_failures{node="n"}', '0x5 1x60'),
  RedisNearlyFull: {
    fires: { redis_memory_used_bytes: '95x60', redis_memory_max_bytes: '100x60' },
    silent: { redis_memory_used_bytes: '95x60', redis_memory_max_bytes: '0x60' },
    at: '20m',
  },
  SecondSiteBehind: {
    fires: { 'patroni_standby_leader{instance="i"}': '1x60', 'patroni_xlog_replayed_timestamp{instance="i"}': '0x60' },
    silent: { 'patroni_standby_leader{instance="i"}': '0x60', 'patroni_xlog_replayed_timestamp{instance="i"}': '0x60' },
    at: '10m',
  },
  MoneyFrozen: level('countroom_ledger_frozen', 1, 0),
  BooksNotCompared: time('countroom_ledger_continuity_timestamp_seconds'),
  MessagesWait: { ...time('countroom_messages_waiting_timestamp_seconds{channel="mail"}'), at: '25m' },
  MessagesGivenUp: level('countroom_messages_given_up{channel="mail"}', 2, 0),
  MessagesComeBack: { ...counted('countroom_messages_addresses_bounced{channel="mail"}', '0+1x90'), at: '70m' },
  CertificateNotRenewed: {
    fires: certificate(3600),
    silent: certificate(36_000),
    at: '55m',
  },
  AcmeFails: { ...level('countroom_edge_acme_failures{instance="i"}', 6, 2), at: '70m' },
  CertificateEnds: { fires: certificate(14_000), silent: certificate(1_000_000), at: '10m' },
  RevocationListOld: hourly('countroom_revocation_list_timestamp_seconds{instance="i"}', '20h'),
  ProgramNotAsApproved: level('countroom_program_approved', 0, 1),
  ProgramNotInspected: hourly('countroom_program_inspection_timestamp_seconds', '27h'),
  ProgramUnknown: absent('countroom_program_approved'),
  Watchdog: { fires: {}, at: '1m' },
  ProcessNotScraped: level('up{component="core-1",instance="i"}', 0, 1),
  NothingScraped: {
    fires: { 'up{component="core-1",kind="core"}': '1x60' },
    silent: { 'up{component="edge-2",kind="edge"}': '1x60' },
    at: '10m',
  },
  CoreAway: level('countroom_edge_core_healthy{core="core-1"}', 0, 2),
  ProcessRestarts: counted('process_start_time_seconds{instance="i"}', '0x2 1x2 2x2 3x60'),
  EventLoopLate: level('nodejs_eventloop_lag_p99_seconds{instance="i"}', 0.9, 0.01),
  LanesBehind: level('countroom_lane_waiting', 600, 3),
  DiskNearlyFull: machine('disk', '4x60', '50x60'),
  DiskFills: { ...machine('disk', '45-0.4x100', '45x100'), every: '5m', at: '480m' },
  MemoryShort: { ...machine('memory', '4x60', '50x60'), at: '15m' },
  JobsLate: { ...time('countroom_jobs_waiting_timestamp_seconds{queue="payouts"}'), at: '15m' },
  ManyLimited: {
    fires: { 'countroom_edge_limited_total{rule="r"}': '0+30x60', countroom_edge_requests_total: going },
    silent: { 'countroom_edge_limited_total{rule="r"}': '0+1x60', countroom_edge_requests_total: going },
    at: '20m',
  },
  EventsNotProcessed: time('countroom_cashier_waiting_timestamp_seconds{what="event"}'),
  GatewaysSilent: {
    fires: { [asked('player', '/api/deposits', 201)]: '0+2x60' },
    silent: {
      [asked('player', '/api/deposits', 201)]: '0+2x60',
      [asked('partner', '/api/gateways/:gateway/events', 200)]: '0+1x60',
    },
    at: '40m',
  },
  GatewayEventsRefused: counted(asked('partner', '/api/gateways/:gateway/events', 401), '0+2x60'),
  PayoutsHang: { ...time('countroom_cashier_waiting_timestamp_seconds{what="payout"}'), at: '130m' },
  ReviewWaits: hourly('countroom_cashier_waiting_timestamp_seconds{what="withdrawal"}', '9h'),
  CashierUnknown: absent('countroom_cashier_waiting{what="event"}'),
}

/** What share of what happens must be bad for an objective's series to show it: so many of a hundred thousand. */
export const objectiveSeries: Record<string, (bad: number) => Series> = {
  Availability: (bad) => ({
    'countroom_edge_requests_total{listener="player",status="5xx",core="core-1"}': `0+${bad}x600`,
    'countroom_edge_requests_total{listener="player",status="2xx",core="core-1"}': `0+${100_000 - bad}x600`,
  }),
  BetLatency: (bad) =>
    histogram('countroom_request_seconds', 'face="player",route="/api/games/:game/rounds"', '0.25', bad),
  Deposits: (bad) => ({
    [asked('player', '/api/deposits', 503)]: `0+${bad}x600`,
    [asked('player', '/api/deposits', 201)]: `0+${100_000 - bad}x600`,
  }),
  Settlement: (bad) => histogram('countroom_settlement_seconds', '', '5', bad),
}

/** The agents of a cluster in the inventory, and whether each is heard. */
function nodes(...heard: Array<0 | 1>): Series {
  const labels = (i: number) => `component="postgres-${i}",kind="postgres",node="node-${i}"`
  return Object.fromEntries(heard.map((up, i) => [`up{${labels(i + 1)}}`, `${up}x60`]))
}

function level(series: string, loud: number, quiet: number): Case {
  return { fires: { [series]: `${loud}x600` }, silent: { [series]: `${quiet}x600` }, at: '10m' }
}

function counted(series: string, loud: string): Case {
  return { fires: { [series]: loud }, silent: { [series]: '0x90' }, at: '10m' }
}

/** An instant that stays, beside one that goes with the clock. */
function time(series: string): Case {
  return { fires: { [series]: still }, silent: { [series]: going }, at: '10m' }
}

function hourly(series: string, at: string): Case {
  return { fires: { [series]: '0x700' }, silent: { [series]: '0+300x700' }, every: '5m', at }
}

/** The first happened after the second, or before it. */
function both(bad: string, good: string): Case {
  return { fires: { [bad]: '500x60', [good]: '100x60' }, silent: { [bad]: '100x60', [good]: '500x60' }, at: '10m' }
}

function absent(series: string): Case {
  return { fires: {}, silent: { [series]: `${1e9}x60` }, at: '10m' }
}

function certificate(end: number): Series {
  return {
    'countroom_certificate_begin_timestamp_seconds{instance="i"}': '0x90',
    'countroom_certificate_end_timestamp_seconds{instance="i"}': `${end}x90`,
  }
}

function machine(what: 'disk' | 'memory', loud: string, quiet: string): Case {
  const series = (available: string) => ({
    [`countroom_machine_${what}_bytes{instance="i",state="available"}`]: available,
    [`countroom_machine_${what}_bytes{instance="i",state="total"}`]: '100x600',
  })
  return { fires: series(loud), silent: series(quiet), at: '5m' }
}

function asked(face: string, route: string, status: number): string {
  return `countroom_requests_total{face="${face}",route="${route}",method="POST",status="${status}"}`
}

function histogram(name: string, labels: string, le: string, bad: number): Series {
  const within = labels === '' ? `le="${le}"` : `${labels},le="${le}"`
  return { [`${name}_bucket{${within}}`]: `0+${100_000 - bad}x600`, [`${name}_count{${labels}}`]: '0+100000x600' }
}
