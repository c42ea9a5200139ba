import { type Board, rate } from './board.ts'

export const postgres: Board = {
  uid: 'countroom-postgres',
  title: 'Countroom: PostgreSQL',
  about: 'The truth, as it tells of itself (exporters).',
  panels: [
    {
      title: 'Reached',
      about: 'By its exporter.',
      unit: 'bool',
      queries: { '{{node}}': 'pg_up' },
    },
    {
      title: 'Transactions',
      about: 'Committed and taken back.',
      unit: 'ops',
      queries: {
        'committed {{node}}':
          'sum by (node) (rate(pg_stat_database_xact_commit{datname="countroom"}[$__rate_interval]))',
        'taken back {{node}}':
          'sum by (node) (rate(pg_stat_database_xact_rollback{datname="countroom"}[$__rate_interval]))',
      },
    },
    {
      title: 'Connections',
      about: 'By what they do; a hundred are all.',
      unit: 'short',
      queries: { '{{node}} {{state}}': 'sum by (node, state) (pg_stat_activity_count) > 0' },
    },
    {
      title: 'Longest transaction',
      about: 'Minutes hold back cleaning up, and whoever waits for its locks.',
      unit: 's',
      queries: { '{{node}}': 'max by (node) (pg_stat_activity_max_tx_duration{datname="countroom"})' },
    },
    {
      title: 'Locks',
      about: 'Held, by mode.',
      unit: 'short',
      queries: { '{{mode}}': 'sum by (mode) (pg_locks_count{datname="countroom"}) > 0' },
    },
    {
      title: 'Deadlocks',
      about: 'Each was tried again; many are a fault of ours.',
      unit: 'ops',
      queries: {
        '{{node}}': 'sum by (node) (rate(pg_stat_database_deadlocks{datname="countroom"}[$__rate_interval]))',
      },
    },
    {
      title: 'Found in memory',
      about: 'Share of the pages that were asked for.',
      unit: 'percentunit',
      queries: {
        '{{node}}':
          'sum by (node) (rate(pg_stat_database_blks_hit[$__rate_interval])) / (sum by (node) (rate(pg_stat_database_blks_hit[$__rate_interval])) + sum by (node) (rate(pg_stat_database_blks_read[$__rate_interval])))',
      },
    },
    {
      title: 'Temporary files',
      about: 'Bytes a second that a sort or join wrote to disk.',
      unit: 'bytes',
      queries: { '{{node}}': 'sum by (node) (rate(pg_stat_database_temp_bytes[$__rate_interval]))' },
    },
    {
      title: 'Checkpoints',
      about: 'In time, and before their time because the log grew.',
      unit: 'ops',
      queries: {
        'in time {{node}}': rate('pg_stat_bgwriter_checkpoints_timed_total', 'node'),
        'early {{node}}': rate('pg_stat_bgwriter_checkpoints_req_total', 'node'),
      },
    },
    {
      title: 'Size',
      about: 'Of the database.',
      unit: 'bytes',
      queries: { '{{node}}': 'pg_database_size_bytes{datname="countroom"}' },
    },
  ],
}

export const redis: Board = {
  uid: 'countroom-redis',
  title: 'Countroom: Redis',
  about: 'What can be rebuilt: caches, live updates, limits that edges share (exporters).',
  panels: [
    {
      title: 'Reached',
      about: 'By its exporter.',
      unit: 'bool',
      queries: { '{{node}}': 'redis_up' },
    },
    {
      title: 'Memory',
      about: 'Share of what it may use; beyond it forgets what ends soonest.',
      unit: 'percentunit',
      queries: { '{{node}}': 'redis_memory_used_bytes / redis_memory_max_bytes' },
    },
    {
      title: 'Commands',
      about: 'A second.',
      unit: 'ops',
      queries: { '{{node}}': rate('redis_commands_processed_total', 'node') },
    },
    {
      title: 'Clients',
      about: 'Connected.',
      unit: 'short',
      queries: { '{{node}}': 'redis_connected_clients' },
    },
    {
      title: 'Found',
      about: 'Share of the keys that were asked for.',
      unit: 'percentunit',
      queries: {
        '{{node}}':
          'sum by (node) (rate(redis_keyspace_hits_total[$__rate_interval])) / (sum by (node) (rate(redis_keyspace_hits_total[$__rate_interval])) + sum by (node) (rate(redis_keyspace_misses_total[$__rate_interval])))',
      },
    },
    {
      title: 'Forgotten before their time',
      about: 'Keys that had to go because there was no room.',
      unit: 'ops',
      queries: { '{{node}}': rate('redis_evicted_keys_total', 'node') },
    },
    {
      title: 'Replicas',
      about: 'In a cluster, of the one that leads.',
      unit: 'short',
      queries: { '{{node}}': 'redis_connected_slaves' },
    },
  ],
}

/** What the casino stands on. */
