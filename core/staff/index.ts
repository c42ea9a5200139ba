// Becoming a member of staff
export { enrol, enrolmentLink, hasMembers } from './enrolment.ts'
export { isRole, may, type Permission, permissions, roles, type StaffRole } from './policy.ts'
// Signing in, being recognised, being allowed
export { find, passwordsUnder, permit, type StaffSession, signIn, signOut } from './session.ts'
// Two people for what nobody may do alone
export { type Credential, offerPlace, vouch } from './vouch.ts'
