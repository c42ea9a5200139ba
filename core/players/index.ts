// Becoming a player

// Closing an account
export { close, forgetAddress, hasMoney } from './closing.ts'
export { codesUnder, confirmEmail, newConfirmation, resendConfirmation } from './confirmation.ts'
// Another address
export { askEmailChange, confirmEmailChange } from './email-change.ts'
// Finding them by an address nobody can read, also while the key of that index is rotated
export { beginReindexing, endReindexing, forgetIndexes, indexesNotUnder, indexesUnder, reindex } from './email-index.ts'
// Giving up what is kept of them
export { answerErasure, askErasure, type ErasureRequest, erasureAskedAt, erasuresAsked } from './erasure.ts'
export { confirmationWrong, playerUnknown, statusForbids } from './errors.ts'
// Who shows what they know of themselves
export { type Evidence, knows } from './evidence.ts'
// What password they may have
export { type ChosenPassword, judgePassword, providePasswordScreen } from './password.ts'
// Who they are, and what state their account is in
export {
  ageOf,
  agreements,
  contact,
  findByEmail,
  findByIndex,
  findPlayer,
  holdActive,
  inspect,
  languageOf,
  listPlayers,
  type Player,
  type Profile,
  profile,
  reinstate,
  type Status,
  setLanguage,
  suspend,
} from './player.ts'
export { type Field, fields } from './policy.ts'
export { type Address, type Registration, register } from './registration.ts'
export { countRegistration, forgetRegistrationCounts } from './registration-limits.ts'
// Where they live
export { changeResidence } from './residence.ts'
// What nobody confirmed
export { forgetUnconfirmed } from './unconfirmed.ts'
