// Taking out what is older than its years
export {
  type ArchiveSpan,
  archive,
  archiveLines,
  archiveOverdueDays,
  archiveSpan,
  auditMonthsMin,
} from './archive.ts'
// What can happen
export { type Code, catalogue, kindOf, significantCodes } from './catalogue.ts'
export { personalAbsent } from './errors.ts'
// Writing down what happened
export type { AuditEvent, Outcome } from './event.ts'
// Finding it again
export { type ExtractFormat, extract, extractFormats } from './extract.ts'
export type { Kind } from './kind.ts'
// Batches of the ledger, as they were sealed
export { brokenLane, type SealedBatch, sealedBatch, sealedBatchCount, sealedBatches } from './log/batches.ts'
// The whole log for a stranger
export { type Bundle, bundleLines, bundleOf, readEntryBundle } from './log/bundle.ts'
// The head of the log, signed
export {
  type Checkpoint,
  checkpointText,
  type KeyHolder,
  ownKeys,
  readCheckpoint,
  readCheckpointText,
  type Signer,
  signCheckpoint,
  signersAt,
} from './log/checkpoint.ts'
// Somebody outside who cosigns
export { cosignatureIn, keepCosignature, publishedNote, witnessedSize } from './log/cosignature.ts'
// From one key of the log to the next
export { follow, type Handover, handovers, readHandover } from './log/handover.ts'
export {
  type KeptCheckpoint,
  keptCheckpoint,
  type Leaf,
  leafOf,
  logKeys,
  thinCheckpoints,
  unsealedSeconds,
} from './log/log.ts'
// Events that were lost, and explained
export { explainedLosses, explainLosses } from './log/loss.ts'
// Notes that several sign
export {
  cosigned,
  type Note,
  type NoteKey,
  noteKey,
  readNote,
  readSignatureLine,
  readVkey,
  signatureLine,
  signersOf,
  vkeyLineOf,
  vkeyOf,
} from './log/note.ts'
// Showing that something is in the log, and that the log only grew
export {
  type Asking,
  type ConsistencyPath,
  consistencyPath,
  type InclusionProof,
  inclusionPath,
  notSealed,
  proveConsistency,
  proveInclusion,
} from './log/proof.ts'
// Making leaves of what waits
export { type BatchLeaf, BrokenLog, beginSealing, hasUnsealed, type Sealed, seal, sealedLanes } from './log/sealer.ts'
// The log in tiles
export { readTile, tileHashes } from './log/tiles.ts'
// The arithmetic of the tree
export {
  consistencyRanges,
  hashBytes,
  inclusionPathIn,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  leafHashes,
  nodeHash,
  rootOf,
  rootOfHashes,
  type Subtree,
} from './log/tree.ts'
// How it stands, by what was found of it last
export { keepVerdict, type LogFinding, type LogVerdict, lastVerdict } from './log/verdict.ts'
// Proving all of it
export { type LogProof, type LogTrust, verifyLog } from './log/verify.ts'
export { readWitnessRequest, type WitnessRequest, witnessRequest } from './log/witness.ts'
export { openPersonal, type Personal, personalOf } from './personal.ts'
// Showing that nothing was changed
export { type AuditProof, verify } from './proof.ts'
export { changed, type Entry, type RecordingCommand, record } from './record.ts'
export { search, type Wanted } from './search.ts'
// Bringing it to a second place
export {
  holdShipping,
  leaveShipping,
  linesAfter,
  moveShipping,
  noteShippingFault,
  type ShippedLine,
  type ShippedProof,
  type ShippingLag,
  type ShippingPosition,
  shippingLag,
  shippingPosition,
  verifyShipped,
} from './shipping.ts'
export { recordState } from './state.ts'
