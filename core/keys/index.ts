// The client of the key agent

// Looking things up without knowing them
export { blindIndex, normaliseEmail } from './blind-index.ts'
// The appliance's own certificate authority
export { ensureCertificates, type Leaf } from './certificates.ts'
export { connectKeys, type Keys, KeysRefused, type SignatureAlgorithm, type WrappedDek } from './client.ts'
export { type KeyedCommand, shred } from './dek.ts'
export type { CeremonyStatus, KeyEntry, KeyState, KeysBackup, RestoreStatus } from './entry.ts'
// Personal data as envelopes under per-player keys
export { open, type Place, seal } from './envelope.ts'
export { TamperedEnvelope } from './errors.ts'
export { firstBadLine, type JournalLine, journalStart } from './journal.ts'
// Passwords and bearer secrets, kept as what cannot be turned back
export { hashPassword, verifyPassword } from './password.ts'
export { isSigned } from './signature.ts'
export { digestOf, newSecret } from './token-secret.ts'
