// Becoming a member of staff
export { enrol, enrolmentLink, hasMembers } from './enrolment.ts'
// Who has which role
export { type Grant, grant, grants, permissionsOf, revoke } from './grant.ts'
export { type Member, memberOf, signedInAt } from './member.ts'
// What roles permit
export { isPermission, type Permission, permissions } from './policy.ts'
export { type Role, roles, setRole } from './role.ts'
// Signing in, being recognised, being allowed
export { find, passwordsUnder, permit, type StaffSession, signIn, signOut } from './session.ts'
// What a review of access asks
export { noteUses } from './use.ts'
// Two people for what nobody may do alone
export { type Credential, offerPlace, vouch } from './vouch.ts'
