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
export const actUnknown = () => new Refusal('invalid', 'staff.act_unknown', 'There is no such act that takes two.')
export const payloadInvalid = (issues: ReadonlyArray<{ path: readonly PropertyKey[]; message: string }>) =>
  new Refusal('invalid', 'staff.payload_invalid', 'This is not what the act takes.', {
    issues: issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message })),
  })
export const proposalUnknown = () => new Refusal('absent', 'staff.proposal_unknown', 'There is no such proposal.')
export const proposalStands = (state: string) =>
  new Refusal('conflict', 'staff.proposal_stands', `This is not possible any more: the proposal is ${state}.`, {
    state,
  })
export const proposalChanged = () =>
  new Refusal('conflict', 'staff.proposal_changed', 'What you were shown is not what would be done. Look again.')
export const proposerGone = () =>
  new Refusal('refused', 'staff.proposer_gone', 'Whoever asked for this may not ask for it any more.')
export const notYourOwn = () =>
  new Refusal(
    'forbidden',
    'staff.not_your_own',
    'Somebody else has to approve what you asked for, or what is about you.',
  )
export const approvalAbsent = () =>
  new Refusal('forbidden', 'staff.approval_absent', 'No approval is good for exactly this.')
export const passkeyNeeded = () =>
  new Refusal('forbidden', 'staff.passkey_needed', 'This needs a sign-in with your passkey.')
export const signInAgain = () =>
  new Refusal('forbidden', 'staff.sign_in_again', 'Sign out and in again first, so that it is known to be you.')
export const emergencyUnknown = () =>
  new Refusal('absent', 'staff.emergency_unknown', 'There is no such emergency that waits for a review.')
export const reportChanged = () =>
  new Refusal('conflict', 'staff.report_changed', 'What you looked at is not so any more. Look again.')
export const certificateForeign = (person: string | undefined) =>
  new Refusal(
    'forbidden',
    'staff.certificate_foreign',
    person === undefined
      ? 'The certificate your browser shows is good for nobody here.'
      : `The certificate your browser shows is ${person}’s, and opens the back office to nobody else.`,
  )
export const certificateRequired = () =>
  new Refusal('forbidden', 'staff.certificate_required', 'Show the certificate you were given for the back office.')
