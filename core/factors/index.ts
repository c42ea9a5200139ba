// Authenticator apps
export { confirmTotp, offerTotp, useTotp } from './authenticator.ts'
export { codeWrong, factorUnknown, passkeyRefused } from './errors.ts'
// What somebody has, and what becomes of it
export { type Change, type Factor, forget, list, remove, rename, standing, type Use } from './factor.ts'
export { hold } from './failures.ts'
export type { RelyingParty } from './message.ts'
// Passkeys
export { addPasskey, passkeyChallenge, passkeyRegistration, usePasskey } from './passkey.ts'
// Codes by SMS
export { confirmPhone, normalisePhone, offerPhone, sendSmsCode, useSmsCode } from './phone.ts'
export { isEnough, isLasting, type Kind, mayDropPassword, type Standing, type Way, waysOf } from './policy.ts'
// For the day everything else is lost
export { makeRecoveryCodes, useRecoveryCode } from './recovery.ts'
