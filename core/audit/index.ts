// What can happen
export { type Code, catalogue, kindOf, significantCodes } from './catalogue.ts'
export { personalAbsent } from './errors.ts'
// Writing down what happened
export type { AuditEvent, Outcome } from './event.ts'
// Finding it again
export { type ExtractFormat, extract, extractFormats } from './extract.ts'
export type { Kind } from './kind.ts'
export { openPersonal, type Personal, personalOf } from './personal.ts'
// Showing that nothing was changed
export { type AuditProof, verify } from './proof.ts'
export { changed, type Entry, type RecordingCommand, record } from './record.ts'
export { search, type Wanted } from './search.ts'
export { recordState } from './state.ts'
