import { Refusal } from '#base'

export const enrolmentUnknown = () =>
  new Refusal('absent', 'staff.enrolment_unknown', 'This link was used, has expired, or never existed.')
export const loginTaken = () => new Refusal('conflict', 'staff.login_taken', 'This name is taken.')
export const roleUnknown = () => new Refusal('invalid', 'staff.role_unknown', 'There is no such role.')
export const permissionUnknown = (word: string) =>
  new Refusal('invalid', 'staff.permission_unknown', 'There is no such permission.', { permission: word })
export const memberUnknown = () => new Refusal('absent', 'staff.member_unknown', 'There is no such member of staff.')
export const grantStands = () => new Refusal('conflict', 'staff.grant_stands', 'This member has this role already.')
export const grantAbsent = () => new Refusal('conflict', 'staff.grant_absent', 'This member does not have this role.')
export const lastApprover = () =>
  new Refusal('refused', 'staff.last_approver', 'Nobody would be left who may approve a change of roles.')
export const passwordTooShort = (min: number) =>
  new Refusal('invalid', 'staff.password_too_short', `A password has at least ${min} characters.`)
export const signInRefused = () => new Refusal('unauthenticated', 'staff.sign_in_refused', 'Name or password is wrong.')
export const tooManyFailures = () =>
  new Refusal('throttled', 'staff.too_many_failures', 'Too many attempts. Wait a quarter of an hour.', {
    retryAfterSeconds: 900,
  })
export const notPermitted = (permission: string) =>
  new Refusal('forbidden', 'staff.not_permitted', 'Your role does not allow this.', { permission })
export const samePerson = () =>
  new Refusal('forbidden', 'staff.same_person', 'This needs different people; one of them was named twice.')
export const vouchersMissing = (min: number) =>
  new Refusal('forbidden', 'staff.vouchers_missing', `This needs the yes of ${min} members of staff.`)
