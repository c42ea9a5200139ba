// Codes sent to the player's address
export { codesUnder, forgetCodes } from './code.ts'
// Credentials
export {
  type Attempt,
  accountOf,
  attempt,
  comparePassword,
  hashPassword,
  hasPassword,
  isPasswordOf,
  passwordsUnder,
  removePassword,
  setPassword,
  shownBy,
} from './credential.ts'
// Browsers that an account knows
export { type Device, devices, endDevice } from './device.ts'
export { sessionEnded } from './errors.ts'
export type { Origin } from './origin.ts'
// Changing a password, and having forgotten it
export { changePassword, standsAlone } from './password.ts'
// Where somebody was when they signed in
export { placesOf } from './place.ts'
export type { Factor, Shown } from './policy.ts'
export type { Networks, Place } from './ports.ts'
export { type Proof, useProof } from './proof.ts'
export {
  askReset,
  offerReset,
  playerOfTicket,
  reset,
  resetQueue,
  resetsUnder,
  sendReset,
  takeResetCode,
} from './reset.ts'
// Sessions
export { alive, end, endAll, find, isTouchDue, type Session, signOutEverywhere, touch } from './session.ts'
// Signing in
export { askCodeFor, type Begun, begin, beginWithPasskey } from './sign-in.ts'
// Showing again who acts, before what must not be done by somebody at an unwatched screen
export { askOwnCode, needs, stepUp } from './step-up.ts'
// What is forgotten
export { forget, sweep } from './sweep.ts'
