import { age, type Board, quantiles, rate } from './board.ts'

const edge: Board = {
  uid: 'countroom-edge',
  title: 'Countroom: edge',
  about: 'The public listeners: what comes in, what is turned away, which cores carry it.',
  panels: [
    {
      title: 'Requests',
      about: 'By core.',
      unit: 'reqps',
      queries: { '{{core}}': rate('countroom_edge_requests_total', 'core') },
    },
    {
      title: 'Time',
      about: 'From the head of a request to the end of its answer.',
      unit: 's',
      queries: quantiles('countroom_edge_request_seconds'),
    },
    {
      title: 'Over a limit',
      about: 'Requests refused, by rule.',
      unit: 'reqps',
      queries: { '{{rule}}': rate('countroom_edge_limited_total', 'rule') },
    },
    {
      title: 'Turned away at the gate',
      about: 'By code.',
      unit: 'reqps',
      queries: { '{{code}}': rate('countroom_edge_refusals_total', 'code') },
    },
    {
      title: 'Second tries',
      about: 'Many: a core is late or falls.',
      unit: 'reqps',
      queries: {
        tries: rate('countroom_edge_retries_total', 'listener'),
        hedges: rate('countroom_edge_hedges_total', 'listener'),
      },
    },
    {
      title: 'Cores held for sound',
      about: 'By how many of the edge’s workers.',
      unit: 'short',
      queries: { '{{core}}': 'sum by (core) (countroom_edge_core_healthy)' },
    },
    {
      title: 'WebSockets',
      about: 'Passed through.',
      unit: 'short',
      queries: { open: 'sum(countroom_edge_websockets)' },
    },
  ],
}

const play: Board = {
  uid: 'countroom-play',
  title: 'Countroom: play',
  about: 'The hot path: lanes, batches, the generator, returns.',
  panels: [
    {
      title: 'Bets',
      about: 'By what became of them.',
      unit: 'ops',
      queries: { '{{code}}': rate('countroom_bets_total', 'code') },
    },
    {
      title: 'A batch takes',
      about: 'From its statement to its commit.',
      unit: 's',
      queries: quantiles('countroom_lane_batch_seconds'),
    },
    {
      title: 'Bets in a batch',
      about: 'Large ones mean load, and that lanes cope.',
      unit: 'short',
      queries: quantiles('countroom_lane_batch_size'),
    },
    {
      title: 'Waiting for a lane',
      about: 'More than a batch holds for long: the database is slow.',
      unit: 'short',
      queries: { '{{instance}}': 'countroom_lane_waiting' },
    },
    {
      title: 'Generator',
      about: '1 while it gives numbers.',
      unit: 'bool',
      queries: { '{{instance}}': 'countroom_rng_sound' },
    },
  ],
}

const books: Board = {
  uid: 'countroom-books',
  title: 'Countroom: books and audit log',
  about: 'Whether what is written stands proven, sealed and kept elsewhere.',
  panels: [
    {
      title: 'Books sound',
      about: '1 while they stand proven.',
      unit: 'bool',
      shows: 'now',
      queries: { sound: 'min(countroom_ledger_proof_sound)' },
    },
    {
      title: 'Proven',
      about: 'How long ago; every minute is usual.',
      unit: 's',
      queries: { age: 'time() - max(countroom_ledger_proof_timestamp_seconds)' },
    },
    {
      title: 'Audit log sound',
      about: '1 while it stands proven.',
      unit: 'bool',
      shows: 'now',
      queries: { sound: 'min(countroom_audit_proof_sound)' },
    },
    {
      title: 'Not sealed',
      about: 'How long the oldest event waits.',
      unit: 's',
      queries: { age: 'max(countroom_audit_unsealed_age_seconds)' },
    },
    {
      title: 'Second place, behind',
      about: 'How long the oldest event waits that is not there.',
      unit: 's',
      queries: { lag: 'max(countroom_audit_shipping_lag_seconds)' },
    },
    {
      title: 'Program as approved',
      about: '1 by the last inspection.',
      unit: 'bool',
      shows: 'now',
      queries: { approved: 'min(countroom_program_approved)' },
    },
  ],
}

const cashier: Board = {
  uid: 'countroom-cashier',
  title: 'Countroom: cashier',
  about: 'Money between gateways and wallets.',
  panels: [
    {
      title: 'Settlement',
      about: 'From what a gateway tells to its being done.',
      unit: 's',
      queries: quantiles('countroom_settlement_seconds'),
    },
    {
      title: 'Events of gateways, by answer',
      about: '4xx: signatures that do not hold.',
      unit: 'reqps',
      queries: {
        '{{status}}': rate('countroom_requests_total{face="partner",route="/api/gateways/:gateway/events"}', 'status'),
      },
    },
    {
      title: 'Waiting',
      about: 'How many of each.',
      unit: 'short',
      queries: { '{{what}}': 'max by (what) (countroom_cashier_waiting)' },
    },
    {
      title: 'Since',
      about: 'The oldest of each.',
      unit: 's',
      queries: { '{{what}}': age('countroom_cashier_waiting_timestamp_seconds', ' by (what)') },
    },
  ],
}

const keys: Board = {
  uid: 'countroom-keys',
  title: 'Countroom: keys and certificates',
  about: 'The key agent, the age of keys, the life of certificates.',
  panels: [
    {
      title: 'Operations',
      about: 'By outcome; the key agent is heard by a local collector alone.',
      unit: 'ops',
      queries: { '{{role}} {{outcome}}': rate('countroom_keys_operations_total', 'role, outcome') },
    },
    {
      title: 'Rotation is due in',
      about: 'By family; below zero it is late.',
      unit: 's',
      queries: { '{{family}}': 'min by (family) (countroom_keys_rotation_due_timestamp_seconds) - time()' },
    },
    {
      title: 'Backed up',
      about: 'How long ago keys were.',
      unit: 's',
      queries: { age: 'time() - max(countroom_keys_backup_timestamp_seconds)' },
    },
    {
      title: 'Certificates end in',
      about: 'They are renewed when a third of their life is left.',
      unit: 's',
      queries: { '{{instance}}': 'countroom_certificate_end_timestamp_seconds - time()' },
    },
  ],
}

const work: Board = {
  uid: 'countroom-work',
  title: 'Countroom: worker',
  about: 'Jobs, mail, exports.',
  panels: [
    {
      title: 'Jobs, late',
      about: 'The oldest that is due and not taken, by queue.',
      unit: 's',
      queries: { '{{queue}}': age('countroom_jobs_waiting_timestamp_seconds', ' by (queue)') },
    },
    {
      title: 'Messages, waiting',
      about: 'The oldest, by channel.',
      unit: 's',
      queries: { '{{channel}}': age('countroom_messages_waiting_timestamp_seconds', ' by (channel)') },
    },
    {
      title: 'Exports',
      about: 'By how they ended.',
      unit: 'ops',
      queries: { '{{outcome}}': rate('countroom_exports_total', 'outcome') },
    },
  ],
}

/** One of each part of the casino. */
export const subsystems: readonly Board[] = [edge, play, books, cashier, keys, work]
