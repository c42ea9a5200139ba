import { Refusal } from '#base'

export const erasureNotAsked = () =>
  new Refusal('absent', 'players.erasure_not_asked', 'This player waits for no such answer.')

export const underAge = (min: number) =>
  new Refusal('refused', 'players.under_age', `You must be at least ${min} years old to play.`)
export const birthDateInvalid = () =>
  new Refusal('invalid', 'players.birth_date_invalid', 'This is not a date of birth.')
export const countryBlocked = () =>
  new Refusal('refused', 'players.country_blocked', 'We may not offer play in your country.')
export const currencyNotOffered = () =>
  new Refusal('refused', 'players.currency_not_offered', 'We do not offer play in this currency.')
export const termsOutdated = () =>
  new Refusal('conflict', 'players.terms_outdated', 'Please read and accept the present terms and privacy policy.')
export const passwordTooShort = (min: number) =>
  new Refusal('invalid', 'players.password_too_short', `A password has at least ${min} characters.`)
export const passwordWeak = () =>
  new Refusal('invalid', 'players.password_weak', 'This password is easy to guess. Choose another.')
export const passwordBreached = () =>
  new Refusal(
    'invalid',
    'players.password_breached',
    'This password is on a list of stolen ones, and will be tried. Choose another.',
  )
export const emailSame = () => new Refusal('conflict', 'players.email_same', 'This is your address already.')
export const emailTooOften = (seconds: number) =>
  new Refusal('throttled', 'players.email_too_often', 'A code was sent just now. Wait a little before you ask again.', {
    retryAfterSeconds: seconds,
  })
export const codeWrong = () =>
  new Refusal('refused', 'players.code_wrong', 'The code is wrong or has expired. Ask for a new one if need be.')
/** One answer for a wrong code and a wrong password, so that nobody tries one without the other. */
export const confirmationWrong = () =>
  new Refusal(
    'refused',
    'players.confirmation_wrong',
    'Code and password do not fit together, or the code has expired. Take the newest mail and the password you registered with, or register again.',
  )
export const registrationsTooMany = (seconds: number) =>
  new Refusal(
    'throttled',
    'players.registrations_too_many',
    'Too many accounts have been opened from your network. Try again later.',
    { retryAfterSeconds: seconds },
  )
export const moneyLeft = () =>
  new Refusal(
    'conflict',
    'players.money_left',
    'There is money in this account still, or set aside. It is paid out first.',
  )
export const playerUnknown = () => new Refusal('absent', 'players.unknown', 'There is no such player.')
export const statusForbids = (status: string) =>
  new Refusal('conflict', 'players.status_forbids', 'The state of this account does not allow this.', { status })
