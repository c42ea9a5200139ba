/**
 * What a member of staff can be allowed to do: one word per verb, and per field where a field is personal. Roles are rows that
 * name sets of these; a word that is not here permits nothing.
 */
export const permissions = [
  'players.view',
  'players.unmask_contact',
  'players.unmask_identity',
  'players.unmask_address',
  'players.suspend',
  'payments.view',
  'payments.unmask',
  'payments.approve',
  'payments.approve_large',
  'books.view',
  'adjustments.propose',
  'adjustments.approve',
  'limits.propose',
  'limits.approve',
  'erasures.propose',
  'erasures.approve',
  'games.close',
  'games.propose',
  'games.approve',
  'audit.view',
  'audit.unmask',
  'program.view',
  'program.verify',
  'staff.view',
  'staff.enrol',
  'staff.disable',
  'staff.review',
  'roles.propose',
  'roles.approve',
  'keys.manage',
  'pki.manage',
  'clients.manage',
  'clients.approve',
] as const
export type Permission = (typeof permissions)[number]

/** Who holds one of these could make others up, or undo what watches them: a place with one needs the yes of two. */
const privileged: readonly Permission[] = [
  'roles.propose',
  'roles.approve',
  'staff.enrol',
  'keys.manage',
  'pki.manage',
  'clients.manage',
  'clients.approve',
]

export function isPermission(word: string): word is Permission {
  return (permissions as readonly string[]).includes(word)
}

export function isPrivileged(held: readonly string[]): boolean {
  return privileged.some((permission) => held.includes(permission))
}

export const sessionIdleSecondsMax = 15 * 60 // PCI DSS 8.2.8
export const sessionSecondsMax = 8 * 3600
export const freshSecondsMax = 10 * 60
export const enrolmentSecondsMax = 24 * 3600
export const failuresMax = 3 // GLI-19 B.2.3g
export const failureWindowSeconds = 15 * 60
export const passwordLengthMin = 15 // NIST SP 800-63B-4, as the only factor
export const elevationMinutesMax = 8 * 60
/** After so long somebody looks again at who may do what. */
export const reviewDaysMax = 90
export const emergencyMinutesMax = 24 * 60
/** As long as fewer could approve, one of them enrols the next alone. */
export const approversMin = 2
export const vouchersMin = 2 // PCI DSS 3.7.6: nobody manages keys alone

export type ProposalState = 'open' | 'approved' | 'done' | 'rejected' | 'withdrawn' | 'expired'
export type ProposalVerb = 'approve' | 'do' | 'use' | 'reject' | 'withdraw'

export const proposalSecondsMax = 24 * 3600

const steps: Record<ProposalVerb, Partial<Record<ProposalState, ProposalState>>> = {
  approve: { open: 'approved' },
  do: { open: 'done' },
  use: { approved: 'done' },
  reject: { open: 'rejected' },
  withdraw: { open: 'withdrawn', approved: 'withdrawn' },
}

/** What a proposal becomes; undefined where the verb does not lead from here. What was done, refused or is too late stays so. */
export function next(state: ProposalState, verb: ProposalVerb): ProposalState | undefined {
  return steps[verb][state]
}

/** Whatever still waits is expired from its instant on, without anybody noting it. */
export function stateAt(row: { state: ProposalState; expiresAt: Date }, now: Date): ProposalState {
  return (row.state === 'open' || row.state === 'approved') && row.expiresAt <= now ? 'expired' : row.state
}
