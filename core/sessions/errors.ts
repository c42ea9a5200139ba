import { Refusal } from '#base'

/** One answer for every reason, so that nobody learns which addresses are known [GLI-2.5.3a]. */
export const signInRefused = () =>
  new Refusal('unauthenticated', 'sessions.sign_in_refused', 'E-mail or password is wrong.')
export const locked = () =>
  new Refusal(
    'throttled',
    'sessions.locked',
    'There were too many failed attempts. Sign in from a device you have used before, or with a code besides your password.',
  )
export const throttled = (minutes: number) =>
  new Refusal(
    'throttled',
    'sessions.throttled',
    `Too many failed attempts from here. Try again in ${minutes} minutes.`,
    {
      retryAfterSeconds: minutes * 60,
    },
  )
/** `factors`: any one of them would do besides the password. */
export const secondFactorRequired = (factors: readonly string[]) =>
  new Refusal(
    'unauthenticated',
    'sessions.second_factor_required',
    'To be sure that it is you, please show one thing more than your password.',
    { factors },
  )
export const passkeyRefused = () =>
  new Refusal(
    'unauthenticated',
    'sessions.passkey_refused',
    'This passkey was not accepted. Try again, or another way.',
  )
export const deviceUnknown = () => new Refusal('absent', 'sessions.device_unknown', 'There is no such device.')
export const resetRefused = () =>
  new Refusal('refused', 'sessions.reset_refused', 'The code is wrong or has expired. Ask for a new one if need be.')
export const resetFactorRequired = (factors: string[]) =>
  new Refusal('refused', 'sessions.reset_factor_required', 'Show your second factor to set a new password.', {
    factors,
  })
/** `evidence`: all of it has to be said. */
export const resetEvidenceRequired = (evidence: readonly string[]) =>
  new Refusal('refused', 'sessions.reset_evidence_required', 'Say who you are to set a new password.', { evidence })
export const resetEvidenceWrong = () =>
  new Refusal('refused', 'sessions.reset_evidence_wrong', 'This is not what you told us when you registered.')
export const resetEvidenceTooOften = () =>
  new Refusal(
    'throttled',
    'sessions.reset_evidence_too_often',
    'This was wrong too often today. Try again tomorrow, or write to our support.',
    { retryAfterSeconds: 6 * 3600 },
  )
export const sessionEnded = () =>
  new Refusal('unauthenticated', 'sessions.ended', 'Your session has ended. Please sign in again.')
/** `factors`: any one of them would do, or is the next of several. */
export const stepUpRequired = (factors: readonly string[]) =>
  new Refusal('forbidden', 'sessions.step_up_required', 'Please show once more that it is you.', { factors })
export const factorWrong = () => new Refusal('refused', 'sessions.factor_wrong', 'This is wrong. Try again.')
export const passwordNeeded = () =>
  new Refusal(
    'conflict',
    'sessions.password_needed',
    'To do without a password you need two passkeys, or one passkey and recovery codes.',
  )
