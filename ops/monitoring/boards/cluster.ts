import { age, type Board } from './board.ts'

export const cluster: Board = {
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

export const backups: Board = {
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
