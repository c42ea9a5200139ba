// What can happen
export { type Code, catalogue, kindOf, significantCodes } from './catalogue.ts'
// Writing down what happened
export type { AuditEvent, Outcome } from './event.ts'
export type { Kind } from './kind.ts'
export { openPersonal, type Personal } from './personal.ts'
// Showing that nothing was changed
export { type AuditProof, verify } from './proof.ts'
export { changed, type Entry, type RecordingCommand, record } from './record.ts'
// Finding it again
export { search, type Wanted } from './search.ts'
export { recordState } from './state.ts'
