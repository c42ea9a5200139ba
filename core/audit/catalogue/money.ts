import type { Kinds } from '../kind.ts'

const moved = { player: 'text', amount: 'amount', currency: 'text' } as const
const state = ['state'] as const
const contradiction = {
  outcome: 'failure',
  severity: 'alarm',
  gli: 'p',
  detail: { gateway: 'text', event: 'text', type: 'text' },
} as const
const lines = { from: 'instant?', until: 'instant?', kinds: 'text?', account: 'text?', reference: 'text?' } as const

/** Money in and out, and the books. */
export const money = {
  'cashier.deposit_asked': { title: 'Began a deposit', detail: moved },
  'cashier.deposit_credited': {
    title: 'Deposit credited',
    detail: { ...moved, authorisation: 'text', objection: 'text?' },
    changes: state,
  },
  'cashier.deposit_held': {
    title: 'Deposit held for review',
    severity: 'warning',
    gli: 'p',
    detail: { ...moved, authorisation: 'text', objection: 'text?' },
    changes: state,
  },
  'cashier.deposit_failed': {
    title: 'Deposit failed',
    outcome: 'failure',
    detail: { ...moved, cause: 'text' },
    changes: state,
  },
  'cashier.deposit_released': { title: 'Released a deposit', gli: 'f', detail: moved, changes: state },
  'cashier.withdrawal_asked': { title: 'Asked for a withdrawal', detail: moved },
  'cashier.withdrawal_approved': { title: 'Approved a withdrawal', detail: moved, changes: state },
  'cashier.withdrawal_rejected': { title: 'Rejected a withdrawal', detail: moved, changes: state },
  'cashier.withdrawal_resent': {
    title: 'Sent a payout again',
    severity: 'warning',
    gli: 'p',
    detail: moved,
    changes: state,
  },
  'cashier.withdrawal_paid': { title: 'Withdrawal paid', detail: moved, changes: state },
  'cashier.withdrawal_failed': { title: 'Payout failed', outcome: 'failure', detail: moved, changes: state },
  'cashier.instruments_viewed_masked': { title: 'Looked at a player’s cards, masked' },
  'cashier.instruments_viewed_in_full': { title: 'Saw a player’s cards in full' },
  'cashier.large_transaction': {
    title: 'A large amount in or out',
    severity: 'warning',
    gli: 'n-iv',
    detail: { ...moved, direction: 'text', aggregate: 'amount?', hours: 'number?' },
  },
  'cashier.event_forged': {
    title: 'An event that no gateway signed',
    outcome: 'denied',
    severity: 'warning',
    gli: 'b',
    detail: { unreported: 'number?' },
  },
  'cashier.event_mismatch': { title: 'A gateway tells other than was agreed', ...contradiction },
  'cashier.event_contradiction': { title: 'A gateway takes back what was final', ...contradiction },

  'ledger.adjusted': {
    title: 'A balance was adjusted',
    severity: 'warning',
    gli: 'n-i',
    detail: { ...moved, approval: 'text' },
    changes: ['cash'],
  },
  'ledger.reversed': {
    title: 'A transfer was taken back',
    gli: 'f',
    detail: { player: 'text', currency: 'text', key: 'text' },
    changes: ['cash', 'bonus', 'held'],
  },
  'ledger.balance_negative': { title: 'A player owes', severity: 'warning', gli: 'n-v', detail: moved },
  'ledger.balance_viewed': { title: 'Looked at a player’s balance at an instant', detail: { at: 'instant' } },
  'ledger.statement_viewed': { title: 'Looked at a player’s statement', detail: lines },
  'ledger.statement_exported': { title: 'Downloaded a player’s statement', detail: { ...lines, versions: 'fields' } },
  'ledger.house_viewed': { title: 'Looked at the books of the house' },
  'ledger.house_exported': {
    title: 'Downloaded entries of the house',
    detail: { from: 'instant?', until: 'instant?', account: 'text?', currency: 'text?' },
  },
  'ledger.month_detached': { title: 'Detached a month of postings', detail: { month: 'text', table: 'text' } },
  'ledger.frozen': {
    title: 'The books lack what was seen in them: no money moves',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'g',
    detail: { process: 'text', breaks: 'number', timeline: 'text', first: 'text' },
  },
  'ledger.lifted': {
    title: 'Somebody answers for the books as they are: money moves again',
    severity: 'warning',
    gli: 'g',
    detail: { reason: 'text' },
  },
  'ledger.proof_failed': {
    title: 'The books contradict themselves',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'g',
    detail: { check: 'text', firstBad: 'text' },
  },
} as const satisfies Kinds
