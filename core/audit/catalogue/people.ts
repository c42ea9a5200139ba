import type { Kinds } from '../kind.ts'

const status = ['status'] as const
const factor = { factor: 'text', kind: 'text' } as const
const proposal = { act: 'text', digest: 'text' } as const
const refused = { outcome: 'failure', severity: 'warning', gli: 'a' } as const

/** Those who work here, those who play, how both come in, and what protects players. */
export const people = {
  'staff.enrolment_offered': { title: 'Made an enrolment link', gli: 'i' },
  'staff.enrolled': { title: 'Enrolled, staff', gli: 'i', detail: { role: 'text' } },
  'staff.signed_in': { title: 'Signed in, staff', detail: { factor: 'text?' } },
  'staff.signed_out': { title: 'Signed out, staff' },
  'staff.sign_in_refused': { title: 'Sign-in refused, staff', ...refused, detail: { cause: 'text' } },
  'staff.access_denied': {
    title: 'Access denied, staff',
    outcome: 'denied',
    severity: 'warning',
    gli: 'a',
    detail: { route: 'text', code: 'text' },
  },
  'staff.role_changed': {
    title: 'Changed what a role permits',
    severity: 'warning',
    gli: 'i',
    detail: { proposal: 'text' },
    changes: ['title', 'permissions'],
  },
  'staff.role_granted': {
    title: 'Gave a member of staff a role',
    gli: 'i',
    detail: { role: 'text', until: 'instant?', proposal: 'text?' },
  },
  'staff.role_revoked': {
    title: 'Took a role from a member of staff',
    gli: 'i',
    detail: { role: 'text', proposal: 'text?' },
  },
  'staff.disabled': { title: 'Shut a member of staff out', severity: 'warning', gli: 'i' },
  'staff.enabled': { title: 'Let a member of staff in again', gli: 'i', detail: { proposal: 'text' } },
  'staff.glass_broken': {
    title: 'Glass was broken: one may do what takes two',
    severity: 'alarm',
    gli: 'i',
    detail: { kind: 'text', member: 'text?', until: 'instant' },
  },
  'staff.emergency_reviewed': { title: 'Reviewed what was done in an emergency', gli: 'i' },
  'staff.access_reviewed': { title: 'Reviewed who may do what', detail: { digest: 'text' } },
  'staff.proposed': {
    title: 'Asked for what another has to approve',
    detail: { ...proposal, statement: 'fields' },
  },
  'staff.proposal_approved': {
    title: 'Approved what another asked for',
    gli: 'i',
    detail: { ...proposal, factor: 'text?', alone: 'text?' },
  },
  'staff.proposal_rejected': { title: 'Rejected what another asked for', detail: proposal },
  'staff.proposal_withdrawn': { title: 'Withdrew what they had asked for', detail: proposal },
  'staff.approval_used': { title: 'Used an approval', detail: proposal },
  'staff.vouched': { title: 'Vouched for an act at the console', severity: 'warning', detail: { act: 'text' } },

  'players.registered': { title: 'Registered' },
  'players.registration_repeated': { title: 'Somebody registered with a known address', outcome: 'denied' },
  'players.email_confirmed': { title: 'Confirmed the e-mail address', changes: status },
  'players.confirmation_refused': { title: 'A wrong confirmation code', ...refused },
  'players.confirmation_asked': { title: 'Asked for another confirmation code' },
  'players.email_change_asked': { title: 'Asked for another e-mail address' },
  'players.searched': { title: 'Looked for a player by e-mail' },
  'players.viewed_masked': { title: 'Opened a player, masked' },
  'players.viewed_in_full': { title: 'Saw a player’s data in full', detail: { fields: 'texts?' } },
  'players.suspended': { title: 'Suspended a player', gli: 'n-iii', changes: status },
  'players.reinstated': { title: 'Reinstated a player', changes: status },
  'players.closed': { title: 'Closed an account', gli: 'n-iii', changes: status },
  'players.profile_changed': {
    title: 'A player’s data were changed',
    gli: 'n-ii',
    detail: { fields: 'texts' },
    personal: ['before', 'after'],
  },
  'players.language_set': { title: 'Chose a language', changes: ['language'] },
  'players.erased': {
    title: 'Erased a player',
    severity: 'warning',
    gli: 'o',
    detail: { purposes: 'texts?', keys: 'number?' },
  },

  'messages.given_up': {
    title: 'A message could not be sent',
    outcome: 'failure',
    severity: 'warning',
    detail: { message: 'text', channel: 'text', template: 'text', attempts: 'number', status: 'text' },
  },
  'messages.address_bounced': {
    title: 'What we send to an address comes back',
    outcome: 'failure',
    severity: 'warning',
    detail: { channel: 'text', status: 'text' },
  },
  'messages.address_trusted': { title: 'An address that had bounced is used again' },

  'protection.limit_set': { title: 'Set a deposit limit', detail: { period: 'text' }, changes: ['amount'] },
  'protection.limit_loosening_asked': {
    title: 'Asked for a looser limit',
    detail: { period: 'text', from: 'instant' },
    changes: ['amount'],
  },
  'protection.limit_imposed': {
    title: 'Set or lifted a limit of the house',
    detail: { period: 'text', approval: 'text' },
    changes: ['amount'],
  },
  'protection.cool_off': { title: 'Took a break', detail: { until: 'instant' } },
  'protection.self_exclusion': { title: 'Excluded themselves', gli: 'n-iii', detail: { until: 'instant' } },

  'sessions.begun': { title: 'Signed in, player', detail: { aal: 'number?' } },
  'sessions.second_factor_asked': {
    title: 'Asked for more than the password',
    severity: 'warning',
    detail: { concerns: 'texts' },
  },
  'sessions.code_asked': { title: 'Asked for a code to sign in' },
  'sessions.unlocked': { title: 'Unlocked by a second factor' },
  'sessions.device_ended': { title: 'Signed a device out', detail: { device: 'text' } },
  'sessions.stepped_up': { title: 'Showed a factor again', detail: { factor: 'text', aal: 'number' } },
  'sessions.step_up_refused': { title: 'A factor shown again was wrong', ...refused, detail: { factor: 'text' } },
  'sessions.ended': { title: 'Signed out, player' },
  'sessions.all_ended': { title: 'All sessions of a player were ended', detail: { count: 'number' } },
  'sessions.sign_in_refused': { title: 'Sign-in refused, player', ...refused, detail: { cause: 'text' } },
  'sessions.reset_asked': { title: 'Asked for a new password' },
  'sessions.reset_code_taken': { title: 'Showed the code for a new password' },
  'sessions.reset_refused': { title: 'A wrong code for a new password', ...refused },
  'sessions.password_set': { title: 'Set a password' },
  'sessions.password_removed': { title: 'Did away with the password' },

  'factors.offered': { title: 'Began to add a way to sign in', detail: factor },
  'factors.added': { title: 'Added a way to sign in', detail: factor },
  'factors.renamed': { title: 'Renamed a way to sign in', detail: { factor: 'text' } },
  'factors.removed': { title: 'Removed a way to sign in', detail: factor },
  'factors.forgotten': { title: 'Removed every way to sign in', severity: 'warning', detail: { count: 'number' } },
  'factors.used': { title: 'Proved themselves', detail: factor },
  'factors.refused': { title: 'A proof was refused', ...refused, detail: { kind: 'text', cause: 'text' } },
  'factors.passkey_cloned': {
    title: 'There may be two of a passkey',
    outcome: 'denied',
    severity: 'alarm',
    gli: 'b',
    detail: { factor: 'text' },
  },
  'factors.code_sent': { title: 'Asked for a code by SMS', detail: { factor: 'text' } },
  'factors.recovery_codes_made': { title: 'Made recovery codes', detail: { count: 'number' } },
  'factors.recovery_code_used': { title: 'Used a recovery code', severity: 'warning', detail: { left: 'number' } },
} as const satisfies Kinds
