// Looking things up without knowing them
export {
  type BlindIndex,
  beginIndexEpoch,
  blindIndex,
  blindIndexes,
  blindIndexUnder,
  endIndexEpoch,
  holdIndex,
  indexEpochs,
  normaliseEmail,
  resetIndex,
} from './blind-index.ts'
// The client of the key agent
export { connectKeys, type Keys, type SignatureAlgorithm, type WrappedDek } from './client.ts'
export { KeysRefused } from './connection.ts'
// Data keys per player and purpose
export { currentDek, type Dek, type KeyedCommand, type Purpose, purposes, renewDek, shred } from './dek.ts'
export { type DekDump, dumpDeks, type JoinReport, joinDeks, readDump } from './dek-backup.ts'
export { type DekProof, proveDeks } from './dek-proof.ts'
// How a connection to it begins
export { type Credential, type Presenting, presentFiles } from './entrance.ts'
export type { CeremonyStatus, FileSeal, KeyEntry, KeyState, KeysBackup, RestoreStatus } from './entry.ts'
// Personal data as envelopes under them
export { open, openIfKept, openUnder, type Place, type Sealing, seal, sealUnder } from './envelope.ts'
export { TamperedEnvelope } from './errors.ts'
// What the agent writes down of its own management
export { firstBadLine, type JournalLine, journalStart } from './journal.ts'
export { openedSecondsMax } from './opened.ts'
// Passwords and bearer secrets, kept as what cannot be turned back
export { hashPassword, isOutdated, keyIdOf, verifyPassword } from './password.ts'
// Moving to new keys while everybody works
export {
  askRotation,
  beginMoving,
  type DekPlace,
  deksBoundUnder,
  deksUnder,
  endRotation,
  moveDeks,
  noteMoved,
  noteRetired,
  openRotations,
  passBegin,
  type Rotation,
  retiredEpochs,
  retireKek,
  rotations,
} from './rotation.ts'
export { noteShipped, readJournal, type Shipped, shippedJournals } from './shipping.ts'
// What the agent signed
export { isSigned } from './signature.ts'
export { digestOf, newSecret } from './token-secret.ts'
