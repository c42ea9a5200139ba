import { Refusal } from '#base'

/** One answer whatever was wrong with a code: another, used, expired, never asked for. */
export const codeWrong = () =>
  new Refusal('refused', 'factors.code_wrong', 'The code is wrong, or was used, or is over. Try the next one.')
/** One answer whatever was wrong with a passkey's message. */
export const passkeyRefused = () =>
  new Refusal('refused', 'factors.passkey_refused', 'This passkey was not accepted. Try again, or use another way.')
export const throttled = (seconds: number) =>
  new Refusal('throttled', 'factors.throttled', 'Too many wrong codes. Wait a while, or use a passkey.', {
    retryAfterSeconds: seconds,
  })
export const factorUnknown = () =>
  new Refusal(
    'absent',
    'factors.unknown',
    'There is no such way to sign in, or it took too long to add it. Begin again.',
  )
export const lastFactor = () =>
  new Refusal(
    'conflict',
    'factors.last',
    'Without this you could lock yourself out. Add another one, or make recovery codes, and then remove it.',
  )
export const tooManyFactors = (max: number) =>
  new Refusal('conflict', 'factors.too_many', `Nobody has more than ${max}. Remove one you do not use.`, { max })
export const passkeyKnown = () =>
  new Refusal('conflict', 'factors.passkey_known', 'This passkey is in use here already.')
export const labelInvalid = (max: number) =>
  new Refusal('invalid', 'factors.label_invalid', `A name has 1 to ${max} characters.`)
export const phoneInvalid = () =>
  new Refusal(
    'invalid',
    'factors.phone_invalid',
    'This is not a telephone number in international form, such as +356 2123 4567.',
  )
export const smsTooOften = (seconds: number) =>
  new Refusal('throttled', 'factors.sms_too_often', 'A code was sent just now. Wait a little before you ask again.', {
    retryAfterSeconds: seconds,
  })
/** Nobody would bring the code, so none is promised. */
export const smsUnavailable = () =>
  new Refusal('conflict', 'factors.sms_unavailable', 'Telephones cannot be added here. Use a passkey or an app.')
