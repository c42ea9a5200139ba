// Approving what another asked for
export { approvalChallenge, approve, reject, requireApproval, useApproval, withdraw } from './approval.ts'
// A certificate on top
export { holdToCertificate, type Shown } from './certificate.ts'
// Broken glass
export { breakGlassAlone, emergencies, emergencyOf, reviewEmergency } from './emergency.ts'
// Becoming a member of staff
export { breakGlassForPlace, enrol, enrolmentLink, enrolmentPasskey, hasMembers, offerPlace } from './enrolment.ts'
export { certificateForeign, passkeyNeeded } from './errors.ts'
// Who has which role
export { type Grant, grant, grants, permissionsOf, revoke, rolesOf } from './grant.ts'
// Who works here, and who not any more
export { disable, enable, type Member, memberOf, members, needsFresh, resetPasskeys, signedInAt } from './member.ts'
// What can be permitted
export { elevationMinutesMax, emergencyMinutesMax, isPermission, type Permission, permissions } from './policy.ts'
// Acts that take two, as the host says them, and asking for one
export type { Act, Acts } from './ports.ts'
export { openProposals, type Proposal, proposalOf, proposals, propose } from './proposal.ts'
// Looking at who may do what
export { accessReview, noteReview, noteUses } from './review.ts'
// What roles permit
export { type Role, roles, setRole } from './role.ts'
// Signing in, being recognised, being allowed
export {
  attempt,
  find,
  passwordsUnder,
  permit,
  type StaffSession,
  signIn,
  signInChallenge,
  signInOnce,
  signOut,
} from './session.ts'
// Two people at the console
export { type Credential, vouch } from './vouch.ts'
