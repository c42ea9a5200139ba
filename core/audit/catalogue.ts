import type { Outcome } from './event.ts'

/** What a field of an event holds. `?` may be absent or null; an amount is in minor units of the currency named beside it. */
export type FieldType = 'text' | 'number' | 'amount' | 'flag' | 'instant' | 'texts' | 'fields'
export type Shape = Readonly<Record<string, FieldType | `${FieldType}?`>>

/** A kind of event. */
export type Kind = {
  /** In words, for people. */
  readonly title: string
  /** What it is when the caller does not say; success when nothing is here. */
  readonly outcome?: Outcome
  /** Somebody should look: soon, or at once. */
  readonly severity?: 'warning' | 'alarm'
  /** The letter of GLI-19 2.8.8 that makes it a significant event. */
  readonly gli?: string
  readonly detail?: Shape
  /** Names that may stand in `before` and `after`; both are there then. */
  readonly changes?: readonly string[]
  /** Names that may stand in the sealed part, besides the address of a player who acts. */
  readonly personal?: readonly string[]
}

const statementQuery = {
  from: 'instant?',
  until: 'instant?',
  kinds: 'text?',
  account: 'text?',
  reference: 'text?',
} as const
const auditQuery = {
  code: 'text?',
  outcome: 'text?',
  actor: 'text?',
  subject: 'text?',
  player: 'text?',
  significant: 'text?',
  from: 'text?',
  to: 'text?',
} as const
const money = { player: 'text', amount: 'amount', currency: 'text' } as const
const state = ['state'] as const
const key = { family: 'text', epoch: 'number?', use: 'text?', mechanism: 'text?' } as const

/**
 * Every code there is, for ever: a code is never given another meaning. An event whose code is not here, or that has other
 * fields, is not written, and so what it tells does not happen.
 */
export const catalogue = {
  // The log itself
  'audit.viewed': { title: 'Read the audit log', detail: { ...auditQuery, before: 'text?', personal: 'flag?' } },
  'audit.exported': { title: 'Downloaded the audit log', detail: { ...auditQuery, format: 'text' } },
  'audit.personal_viewed': { title: 'Saw the personal part of an event', detail: { event: 'text' } },
  'audit.chain_ended': { title: 'The hash chain of before ended', detail: { checkpoint: 'text?', signature: 'text?' } },
  'audit.archived': {
    title: 'Events past their years were archived',
    detail: { before: 'instant', count: 'number', file: 'text', digest: 'text' },
  },
  'audit.proof_failed': {
    title: 'The audit log contradicts itself',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'g',
    detail: { firstBad: 'text' },
  },
  'audit.proof_viewed': {
    title: 'Asked for a proof of the log',
    detail: { index: 'text?', from: 'text?', to: 'text?', reference: 'text?' },
  },
  'audit.shipping_behind': {
    title: 'The second place of the log is behind',
    outcome: 'failure',
    severity: 'warning',
    gli: 'p',
    detail: { waiting: 'number', since: 'instant' },
  },
  'audit.shipping_gap': {
    title: 'The second place of the log has a gap',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'p',
    detail: { expected: 'text', found: 'text' },
  },

  // Processes, engines, clocks
  'host.started': {
    title: 'A process started',
    gli: 'c',
    detail: { process: 'text', version: 'text', configuration: 'text' },
  },
  'host.stopped': { title: 'A process stopped', gli: 'c', detail: { process: 'text' } },
  'host.configuration_changed': {
    title: 'A process runs with another configuration',
    severity: 'warning',
    gli: 'i',
    detail: { process: 'text' },
    changes: ['configuration', 'version'],
  },
  'host.schema_changed': { title: 'The database schema was changed', gli: 'i', detail: { migrations: 'texts' } },
  'host.unavailable': {
    title: 'Something the casino needs was away',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'c',
    detail: { process: 'text', component: 'text', from: 'instant', until: 'instant', refused: 'number' },
  },
  'host.program_error': {
    title: 'A program error',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { process: 'text', where: 'text', error: 'text', count: 'number' },
  },
  'host.clock_skewed': {
    title: 'Clocks differ',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'j',
    detail: { process: 'text', against: 'text', milliseconds: 'number' },
  },
  'host.clock_stepped': {
    title: 'A clock was set',
    severity: 'alarm',
    gli: 'j',
    detail: { process: 'text', milliseconds: 'number' },
  },

  // The control program
  'program.verified': {
    title: 'The control program was verified',
    detail: { manifest: 'text', files: 'number', functions: 'number?', occasion: 'text?' },
  },
  'program.mismatch': {
    title: 'The control program is not what was signed',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { manifest: 'text', path: 'text', expected: 'text', actual: 'text' },
  },

  // Keys and certificates
  'keys.created': { title: 'A key was made', gli: 'i', detail: key },
  'keys.activated': { title: 'A key became the active one', gli: 'i', detail: key, changes: ['active'] },
  'keys.retired': { title: 'A key only opens and verifies from now on', gli: 'i', detail: key },
  'keys.destroyed': { title: 'A key was destroyed', severity: 'warning', gli: 'i', detail: key },
  'keys.rotation_started': {
    title: 'A rotation of keys began',
    gli: 'i',
    detail: { family: 'text', from: 'text', to: 'text', items: 'number?' },
  },
  'keys.rotation_finished': {
    title: 'A rotation of keys ended',
    gli: 'i',
    detail: { family: 'text', from: 'text', to: 'text', items: 'number?' },
  },
  'keys.rotation_overdue': {
    title: 'A key is older than it may be',
    outcome: 'failure',
    severity: 'warning',
    gli: 'p',
    detail: { key: 'text', since: 'instant' },
  },
  'keys.ceremony': {
    title: 'A key ceremony was held',
    severity: 'warning',
    gli: 'i',
    detail: { step: 'text', custodians: 'texts?', threshold: 'number?', recoveryKey: 'text?' },
  },
  'keys.backed_up': { title: 'Keys were backed up, sealed', gli: 'i', detail: { keys: 'texts?', digest: 'text?' } },
  'keys.restored': {
    title: 'Keys were restored under a quorum',
    severity: 'warning',
    gli: 'i',
    detail: { keys: 'texts?', custodians: 'texts?' },
  },
  'keys.journal': {
    title: 'What the key agent did',
    detail: { number: 'text', operation: 'text', key: 'text?', role: 'text', outcome: 'text', hash: 'text' },
  },
  'keys.journal_broken': {
    title: 'The key agent’s journal does not follow',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { number: 'text', firstBad: 'text?' },
  },
  'keys.erased': {
    title: 'A player’s data keys were destroyed',
    severity: 'warning',
    gli: 'o',
    detail: { purposes: 'texts?', keys: 'number?' },
  },
  'keys.envelope_tampered': {
    title: 'A sealed value does not open',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { where: 'text' },
  },
  'pki.token_issued': {
    title: 'A one-time token to enrol a component was made',
    gli: 'i',
    detail: { component: 'text', kind: 'text?' },
  },
  'pki.enrolled': {
    title: 'A component was enrolled',
    gli: 'i',
    detail: { component: 'text', kind: 'text?', serial: 'text?' },
  },
  'pki.enrolment_refused': {
    title: 'An enrolment was refused',
    outcome: 'failure',
    severity: 'warning',
    gli: 'b',
    detail: { component: 'text?', cause: 'text' },
  },
  'pki.issued': {
    title: 'A certificate was issued',
    detail: { component: 'text', serial: 'text', kind: 'text?', until: 'instant?' },
  },
  'pki.revoked': {
    title: 'A certificate was revoked',
    severity: 'warning',
    gli: 'i',
    detail: { component: 'text?', serial: 'text', kind: 'text?' },
  },

  // Staff
  'staff.enrolment_offered': { title: 'Made an enrolment link', gli: 'i' },
  'staff.enrolled': { title: 'Enrolled, staff', gli: 'i', detail: { role: 'text' } },
  'staff.signed_in': { title: 'Signed in, staff' },
  'staff.signed_out': { title: 'Signed out, staff' },
  'staff.sign_in_refused': {
    title: 'Sign-in refused, staff',
    outcome: 'failure',
    severity: 'warning',
    gli: 'a',
    detail: { cause: 'text' },
  },
  'staff.access_denied': {
    title: 'Access denied',
    outcome: 'denied',
    severity: 'warning',
    gli: 'a',
    detail: { route: 'text', code: 'text' },
  },

  // Licences
  'licences.rules_changed': {
    title: 'The rules of the licence were changed',
    gli: 'i',
    detail: { licence: 'text' },
    changes: ['digest'],
  },

  // Players
  'players.registered': { title: 'Registered' },
  'players.registration_repeated': { title: 'Somebody registered with a known address', outcome: 'denied' },
  'players.email_confirmed': { title: 'Confirmed the e-mail address', changes: ['status'] },
  'players.confirmation_refused': { title: 'A wrong confirmation code', outcome: 'failure', gli: 'a' },
  'players.confirmation_asked': { title: 'Asked for another confirmation code' },
  'players.viewed_masked': { title: 'Opened a player, masked' },
  'players.viewed_in_full': { title: 'Saw a player’s data in full' },
  'players.searched': { title: 'Looked for a player by e-mail' },
  'players.suspended': { title: 'Suspended a player', gli: 'n-iii', changes: ['status'] },
  'players.reinstated': { title: 'Reinstated a player', changes: ['status'] },
  'players.profile_changed': {
    title: 'A player’s data were changed',
    gli: 'n-ii',
    detail: { fields: 'texts' },
    personal: ['before', 'after'],
  },
  'players.closed': { title: 'An account was closed', gli: 'n-iii', changes: ['status'] },
  'players.erased': { title: 'A player was erased', severity: 'warning', gli: 'o', detail: { purposes: 'texts?' } },

  // Protection
  'protection.limit_set': { title: 'Set a deposit limit', detail: { period: 'text' }, changes: ['amount'] },
  'protection.limit_loosening_asked': {
    title: 'Asked for a looser limit',
    detail: { period: 'text', from: 'instant' },
    changes: ['amount'],
  },
  'protection.cool_off': { title: 'Took a break', detail: { until: 'instant' } },
  'protection.self_exclusion': { title: 'Excluded themselves', gli: 'n-iii', detail: { until: 'instant' } },

  // Sessions
  'sessions.begun': { title: 'Signed in, player' },
  'sessions.ended': { title: 'Signed out, player' },
  'sessions.all_ended': { title: 'All sessions of a player were ended', detail: { count: 'number' } },
  'sessions.sign_in_refused': {
    title: 'Sign-in refused, player',
    outcome: 'failure',
    severity: 'warning',
    gli: 'a',
    detail: { cause: 'text' },
  },
  'sessions.password_set': { title: 'A password was set' },

  // Money
  'cashier.deposit_asked': { title: 'Began a deposit', detail: money },
  'cashier.deposit_credited': {
    title: 'Deposit credited',
    detail: { ...money, authorisation: 'text', objection: 'text?' },
    changes: state,
  },
  'cashier.deposit_held': {
    title: 'Deposit held for review',
    severity: 'warning',
    gli: 'p',
    detail: { ...money, authorisation: 'text', objection: 'text?' },
    changes: state,
  },
  'cashier.deposit_failed': {
    title: 'Deposit failed',
    outcome: 'failure',
    detail: { ...money, cause: 'text' },
    changes: state,
  },
  'cashier.deposit_released': { title: 'Released a deposit', gli: 'f', detail: money, changes: state },
  'cashier.withdrawal_asked': { title: 'Asked for a withdrawal', detail: money },
  'cashier.withdrawal_approved': { title: 'Approved a withdrawal', detail: money, changes: state },
  'cashier.withdrawal_rejected': { title: 'Rejected a withdrawal', detail: money, changes: state },
  'cashier.withdrawal_resent': {
    title: 'Sent a payout again',
    severity: 'warning',
    gli: 'p',
    detail: money,
    changes: state,
  },
  'cashier.withdrawal_paid': { title: 'Withdrawal paid', detail: money, changes: state },
  'cashier.withdrawal_failed': { title: 'Payout failed', outcome: 'failure', detail: money, changes: state },
  'cashier.large_transaction': {
    title: 'A large amount in or out',
    severity: 'warning',
    gli: 'n-iv',
    detail: { ...money, direction: 'text', aggregate: 'amount?', hours: 'number?' },
  },
  'cashier.event_mismatch': {
    title: 'A gateway tells other than was agreed',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'p',
    detail: { gateway: 'text', event: 'text', type: 'text' },
  },
  'cashier.event_contradiction': {
    title: 'A gateway takes back what was final',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'p',
    detail: { gateway: 'text', event: 'text', type: 'text' },
  },

  // The books
  'ledger.adjusted': {
    title: 'A balance was adjusted',
    severity: 'warning',
    gli: 'n-i',
    detail: { ...money, approval: 'text' },
    changes: ['cash'],
  },
  'ledger.reversed': {
    title: 'A transfer was taken back',
    gli: 'f',
    detail: { player: 'text', currency: 'text', key: 'text', outcome: 'text' },
    changes: ['cash', 'bonus', 'held'],
  },
  'ledger.balance_negative': { title: 'A player owes', severity: 'warning', gli: 'n-v', detail: money },
  'ledger.balance_viewed': { title: 'Looked at a player’s balance at an instant', detail: { at: 'instant' } },
  'ledger.statement_viewed': { title: 'Looked at a player’s statement', detail: statementQuery },
  'ledger.statement_exported': {
    title: 'Downloaded a player’s statement',
    detail: { ...statementQuery, versions: 'fields' },
  },
  'ledger.house_viewed': { title: 'Looked at the books of the house' },
  'ledger.house_exported': {
    title: 'Downloaded entries of the house',
    detail: { from: 'instant?', until: 'instant?', account: 'text?', currency: 'text?' },
  },
  'ledger.month_detached': { title: 'Detached a month of postings', detail: { month: 'text', table: 'text' } },
  'ledger.proof_failed': {
    title: 'The books contradict themselves',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'g',
    detail: { check: 'text', firstBad: 'text' },
  },

  // Play
  'games.large_win': {
    title: 'A large win',
    severity: 'warning',
    gli: 'd',
    detail: { ...money, round: 'text', game: 'text', version: 'text', stake: 'amount' },
  },
  'games.large_stake': {
    title: 'A large wager',
    severity: 'warning',
    gli: 'e',
    detail: { ...money, round: 'text', game: 'text', version: 'text', win: 'amount' },
  },
  'games.replay_different': {
    title: 'A round does not replay as it was settled',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { game: 'text', version: 'text' },
  },
  'games.library_changed': {
    title: 'The library of games was changed',
    severity: 'warning',
    gli: 'h',
    changes: ['games'],
  },
  'games.parameters_changed': {
    title: 'Parameters of a game were changed',
    severity: 'warning',
    gli: 'k',
    detail: { game: 'text' },
    changes: ['version', 'digest'],
  },
  'games.closed': { title: 'A game was closed', severity: 'warning', gli: 'f', detail: { game: 'text' } },
  'games.opened': { title: 'A game was opened again', gli: 'f', detail: { game: 'text' } },
  'games.jackpot_changed': {
    title: 'Parameters of a jackpot were changed',
    severity: 'warning',
    gli: 'l',
    detail: { jackpot: 'text' },
    changes: ['parameters'],
  },
  'bonuses.parameters_changed': {
    title: 'Parameters of an incentive were changed',
    severity: 'warning',
    gli: 'm',
    detail: { bonus: 'text' },
    changes: ['parameters'],
  },
} as const satisfies Record<string, Kind>

export type Code = keyof typeof catalogue

export function kindOf(code: string): Kind | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as Code] : undefined
}

/** The codes of significant events: those GLI-19 2.8.8 names. */
export const significantCodes = Object.entries<Kind>(catalogue)
  .filter(([, kind]) => kind.gli !== undefined)
  .map(([code]) => code)
