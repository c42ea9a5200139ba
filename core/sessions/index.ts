// Credentials
export { type Attempt, attempt, hashPassword, isPasswordOf, passwordsUnder, setPassword } from './credential.ts'
export { sessionEnded } from './errors.ts'
export type { Factor, Shown } from './policy.ts'
// Sign-ins
export { begin, end, endAll, find, type Session } from './session.ts'
// Showing again who acts, before what must not be done by somebody at an unwatched screen
export { needs, stepUp } from './step-up.ts'
