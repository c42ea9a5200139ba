import { code, table } from './desk-parts.ts'
import { make } from './elements.ts'
import { capital, when } from './words.ts'

export type AuditEvent = {
  id: string
  at: string
  code: string
  outcome: string
  actor: { kind: string; id: string }
  subject: string
  reason?: string
}

/** Human names of what is written down; the code stays beside them, because it is what one searches for. */
const actions: Record<string, string> = {
  'audit.viewed': 'Read the audit log',
  'cashier.deposit_credited': 'Deposit credited',
  'cashier.deposit_failed': 'Deposit failed',
  'cashier.deposit_held': 'Deposit held for review',
  'cashier.deposit_released': 'Released a deposit',
  'cashier.withdrawal_approved': 'Approved a withdrawal',
  'cashier.withdrawal_rejected': 'Rejected a withdrawal',
  'cashier.withdrawal_resent': 'Sent a payout again',
  'cashier.withdrawal_sent': 'Payout sent to the gateway',
  'cashier.withdrawal_paid': 'Withdrawal paid',
  'cashier.withdrawal_failed': 'Payout failed',
  'ledger.balance_viewed': 'Looked at a player’s balance at an instant',
  'ledger.statement_viewed': 'Looked at a player’s statement',
  'ledger.statement_exported': 'Downloaded a player’s statement',
  'ledger.house_viewed': 'Looked at the books of the house',
  'ledger.house_exported': 'Downloaded entries of the house',
  'ledger.month_detached': 'Detached a month of postings',
  'players.registered': 'Registered',
  'players.email_confirmed': 'Confirmed the e-mail address',
  'players.viewed_masked': 'Opened a player, masked',
  'players.viewed_in_full': 'Saw a player’s data in full',
  'players.suspended': 'Suspended a player',
  'players.reinstated': 'Reinstated a player',
  'protection.limit_set': 'Set a deposit limit',
  'protection.limit_loosening_asked': 'Asked for a looser limit',
  'protection.cool_off': 'Took a break',
  'protection.self_exclusion': 'Excluded themselves',
  'sessions.begun': 'Signed in, player',
  'sessions.ended': 'Signed out, player',
  'sessions.sign_in_refused': 'Sign-in refused, player',
  'staff.enrolled': 'Enrolled, staff',
  'staff.enrolment_offered': 'Made an enrolment link',
  'staff.signed_in': 'Signed in, staff',
  'staff.signed_out': 'Signed out, staff',
  'staff.sign_in_refused': 'Sign-in refused, staff',
}

export function auditTable(events: readonly AuditEvent[]): HTMLElement {
  return table(
    ['When', 'Who', 'What', 'On', 'Why'],
    events.map(({ at, actor, code: action, subject, reason }) => [
      when(at),
      make('span', {}, `${capital(actor.kind)} `, code(actor.id)),
      make('span', {}, actions[action] ?? capital(action.replaceAll(/[._]/g, ' ')), make('small', {}, action)),
      code(subject),
      reason ?? '',
    ]),
    'Nothing is written down about this yet.',
  )
}
