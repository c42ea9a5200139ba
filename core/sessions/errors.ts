import { Refusal } from '#base'

/** One answer for every reason, so that nobody learns which addresses are known [GLI-2.5.3a]. */
export const signInRefused = () =>
  new Refusal('unauthenticated', 'sessions.sign_in_refused', 'E-mail or password is wrong.')
export const locked = (minutes: number) =>
  new Refusal('throttled', 'sessions.locked', `Too many failed attempts. Try again in ${minutes} minutes.`, {
    retryAfterSeconds: minutes * 60,
  })
export const sessionEnded = () =>
  new Refusal('unauthenticated', 'sessions.ended', 'Your session has ended. Please sign in again.')
/** `factors`: any one of them would do, or is the next of several. */
export const stepUpRequired = (factors: readonly string[]) =>
  new Refusal('forbidden', 'sessions.step_up_required', 'Please show once more that it is you.', { factors })
export const factorWrong = () => new Refusal('refused', 'sessions.factor_wrong', 'This is wrong. Try again.')
