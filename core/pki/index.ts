// Without the database: a list once more, and a certificate for the time until there is one
export { issueAlone, signAgain } from './alone.ts'
// The authority itself, its keys in the token
export { type Authority, anchors, authorities, ensureAuthorities, type SigningCommand } from './authority.ts'
// A key and its certificates in one file for a browser
export { bundle } from './bundle.ts'
// Certificates, and who has them
export { type Component, components, hold, type Issued, isEnabled, isGood, issue, issuedFor } from './certificate.ts'
// Becoming a component, and staying one
export {
  type Application,
  apply,
  applyAgain,
  offer,
  openApplications,
} from './enrolment.ts'
// What a certificate says of who has it
export { periodOf, roleOf } from './identity.ts'
// Roles, lives, and when it is time
export {
  daySeconds,
  internalDomain,
  isListDue,
  isOverdue,
  isRole,
  lifeSecondsMax,
  lifeSecondsMin,
  listSecondsMax,
  type Role,
  renewalDue,
  roles,
  roleUri,
  sharedLabel,
} from './policy.ts'
export { renewalStatement } from './proof.ts'
// The component's own part: its key and request
export { newRequest } from './request.ts'
// Taking back
export { lists, newsChannel, publish, revoke, revokePerson, takenBack } from './revocation.ts'
