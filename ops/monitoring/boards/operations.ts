import { age, type Board } from './board.ts'

const rate = (counter: string, by: string) => `sum by (${by}) (rate(${counter}[$__rate_interval]))`

const cluster: Board = {
  uid: 'countroom-cluster',
  title: 'Countroom: cluster',
  about:
    'Several nodes that keep one casino: who leads, who follows and how far behind, and whether the books are what was answered.',
  panels: [
    {
      title: 'Leads',
      about: 'One node, always: none, and no money moves; two, and one of them has been cut off and does not know.',
      unit: 'bool',
      queries: { '{{node}}': 'patroni_primary' },
    },
    {
      title: 'Synchronous standby',
      about: 'Has every commit before it is answered. Without one all commits wait.',
      unit: 'bool',
      queries: { '{{node}}': 'patroni_sync_standby' },
    },
    {
      title: 'Servers that run',
      about: 'By node; the next loss stops money when one is missing.',
      unit: 'bool',
      queries: { '{{node}}': 'patroni_postgres_running' },
    },
    {
      title: 'Behind',
      about: 'Bytes of the log that a standby has not replayed.',
      unit: 'bytes',
      queries: {
        '{{node}}': 'scalar(max(patroni_xlog_location)) - (patroni_xlog_replayed_location and patroni_replica == 1)',
      },
    },
    {
      title: 'Timeline',
      about: 'A step up is a change of primary; nodes that stay below do not follow.',
      unit: 'short',
      queries: { '{{node}}': 'patroni_postgres_timeline' },
    },
    {
      title: 'etcd answered',
      about: 'How long ago each agent last had a word from it. Beyond 20 seconds the primary gives up.',
      unit: 's',
      queries: { '{{node}}': 'time() - patroni_dcs_last_seen' },
    },
    {
      title: 'Failover is switched off',
      about: 'Somebody paused it (`patronictl pause`); a node that dies is not replaced then.',
      unit: 'bool',
      queries: { '{{node}}': 'patroni_is_paused' },
    },
    {
      title: 'Books compared',
      about: 'How long ago a core last found in the database what it had answered; some hundred milliseconds.',
      unit: 's',
      queries: { oldest: age('countroom_ledger_continuity_timestamp_seconds') },
    },
    {
      title: 'Money stands still',
      about: 'Frozen, because something that was answered is missing, or by hand.',
      unit: 'bool',
      queries: { frozen: 'max(countroom_ledger_frozen)' },
    },
    {
      title: 'Clocks',
      about: 'Between each node and the database.',
      unit: 's',
      queries: { '{{instance}}': 'countroom_clock_skew_seconds' },
    },
  ],
}

const backups: Board = {
  uid: 'countroom-backups',
  title: 'Countroom: backups',
  about: 'Whether what is kept would bring the casino back, and how much would be missing.',
  panels: [
    {
      title: 'Last backup',
      about: 'How old the newest is that went through. One a day is usual.',
      unit: 's',
      shows: 'now',
      queries: { age: 'time() - max(countroom_backup_timestamp_seconds)' },
    },
    {
      title: 'Last failure',
      about: 'How long ago one failed; nothing where none did.',
      unit: 's',
      shows: 'now',
      queries: { ago: 'time() - (max(countroom_backup_failed_timestamp_seconds) > 0)' },
    },
    {
      title: 'Size',
      about: 'Of the database that the newest backup holds.',
      unit: 'bytes',
      queries: { bytes: 'max(countroom_backup_bytes)' },
    },
    {
      title: 'Log, not archived yet',
      about: 'Since when. What would be missing if all nodes were lost now; beyond three minutes it is an alarm.',
      unit: 's',
      queries: { behind: 'time() - max(countroom_wal_archive_timestamp_seconds)' },
    },
    {
      title: 'Archiving',
      about: 'Segments that went, and that failed, as PostgreSQL tells it (exporters).',
      unit: 'ops',
      queries: {
        'archived {{node}}': 'sum by (node) (rate(pg_stat_archiver_archived_count[$__rate_interval]))',
        'failed {{node}}': 'sum by (node) (rate(pg_stat_archiver_failed_count[$__rate_interval]))',
      },
    },
    {
      title: 'Last drill',
      about: 'How long ago a backup was brought back and proven. Once a month at least.',
      unit: 's',
      shows: 'now',
      queries: { age: 'time() - max(countroom_drill_timestamp_seconds)' },
    },
    {
      title: 'A restore takes',
      about: 'As the last drill measured it (RTO).',
      unit: 's',
      queries: { rto: 'max(countroom_drill_rto_seconds)' },
    },
    {
      title: 'A restore would miss',
      about: 'As the last drill measured it (RPO).',
      unit: 's',
      queries: { rpo: 'max(countroom_drill_rpo_seconds)' },
    },
  ],
}

const machine: Board = {
  uid: 'countroom-machine',
  title: 'Countroom: machines',
  about: 'Processors, memory, disks, network and clock of each machine, edges too (exporters).',
  panels: [
    {
      title: 'Processors',
      about: 'Share that is busy.',
      unit: 'percentunit',
      queries: { '{{node}}': '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))' },
    },
    {
      title: 'Waiting',
      about: 'Share of the time in which something waits for processors, memory or disks (pressure).',
      unit: 'percentunit',
      queries: {
        'processors {{node}}': rate('node_pressure_cpu_waiting_seconds_total', 'node'),
        'memory {{node}}': rate('node_pressure_memory_waiting_seconds_total', 'node'),
        'disks {{node}}': rate('node_pressure_io_waiting_seconds_total', 'node'),
      },
    },
    {
      title: 'Memory, left',
      about: 'What the system could give at once.',
      unit: 'percentunit',
      queries: { '{{node}}': 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes' },
    },
    {
      title: 'Disk, left',
      about: 'Of each file system.',
      unit: 'percentunit',
      queries: { '{{node}} {{mountpoint}}': 'node_filesystem_avail_bytes / node_filesystem_size_bytes' },
    },
    {
      title: 'Disks, busy',
      about: 'Share of the time in which a disk works on something.',
      unit: 'percentunit',
      queries: { '{{node}} {{device}}': rate('node_disk_io_time_seconds_total', 'node, device') },
    },
    {
      title: 'A write takes',
      about: 'At the disk. Each commit waits for one.',
      unit: 's',
      queries: {
        '{{node}} {{device}}':
          'rate(node_disk_write_time_seconds_total[$__rate_interval]) / rate(node_disk_writes_completed_total[$__rate_interval])',
      },
    },
    {
      title: 'Network',
      about: 'Bytes a second, in and out.',
      unit: 'bytes',
      queries: {
        'in {{node}}': rate('node_network_receive_bytes_total', 'node'),
        'out {{node}}': rate('node_network_transmit_bytes_total', 'node'),
      },
    },
    {
      title: 'Clock',
      about: 'How far the kernel thinks it is off.',
      unit: 's',
      queries: { '{{node}}': 'node_timex_offset_seconds' },
    },
    {
      title: 'Clock is held',
      about: 'By a time source.',
      unit: 'bool',
      queries: { '{{node}}': 'node_timex_sync_status' },
    },
    {
      title: 'Open files',
      about: 'Share of what the system allows.',
      unit: 'percentunit',
      queries: { '{{node}}': 'node_filefd_allocated / node_filefd_maximum' },
    },
  ],
}

const postgres: Board = {
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

const redis: Board = {
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
export const operations: readonly Board[] = [cluster, backups, machine, postgres, redis]
