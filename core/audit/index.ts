// Writing down who did what, and finding it again

// Showing that nothing was changed
export { type AuditProof, checkpoint, verify } from './proof.ts'
export { type AuditRecord, type Entry, record, search } from './record.ts'
