// Credentials
export { type Attempt, attempt, hashPassword, passwordsUnder, setPassword } from './credential.ts'
export { sessionEnded } from './errors.ts'
// Sign-ins
export { begin, end, endAll, find, type Session } from './session.ts'
