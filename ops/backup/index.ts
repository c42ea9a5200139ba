// Taking backups, looking at them, and the repositories they go to
export {
  type Backed,
  type BackupType,
  backupSettingsOf,
  takeBackup,
  verifyRepositories,
} from './backup.ts'
// Proving that they come back, and what else is proven on purpose
export { type ChaosRecord, wordsOfChaos } from './chaos.ts'
export { type DrillRecord, drill } from './drill.ts'
export { type Evidence, isEvidenceOf, readEvidence, signEvidence } from './evidence.ts'
export { keepBackups } from './keeper.ts'
export { refuseUnproven } from './mark.ts'
// What cores had seen of the books
export { type Memories, memoriesIn, noMemories, reach } from './memories.ts'
export { holdings } from './pgbackrest.ts'
export { forget, furnishBackup, nameOf, repositoriesOf } from './place.ts'
// Bringing them back
export { type Plan, planRestore, type Restored, restore } from './restore.ts'
export { parseTarget } from './target.ts'
// What is known of them
export { type Last, lastBackups } from './told.ts'
