import type { JobDefinition } from '../queue.ts'
import { sweepAccess } from './access.ts'
import { proveAuditLog } from './audit-log.ts'
import { watchBackups } from './backups.ts'
import { concludeRounds, sumPlay, watchReturns } from './games.ts'
import { gatewayEvents, gatewayEventsSweep } from './gateway-events.ts'
import { rotateKeys } from './keys.ts'
import { shipKeysJournal } from './keys-journal.ts'
import { expireHolds, keepLedgerTables, proveLedger, proveWholeLedger } from './ledger.ts'
import { messagesSweep, sendMessage } from './messages.ts'
import { cashierSweep, payouts } from './payouts.ts'
import { issueCertificate, issueSweep } from './pki.ts'
import { sweepRegistrations } from './players.ts'
import { eraseDue } from './privacy.ts'
import { inspectProgram, inspectProgramOnDemand } from './program.ts'
import { sendReset } from './resets.ts'
import { sweepSessions } from './sessions.ts'

/** Every job the worker takes. */
export const jobs: readonly JobDefinition[] = [
  sendMessage,
  messagesSweep,
  sweepSessions,
  sweepRegistrations,
  eraseDue,
  sendReset,
  gatewayEvents,
  gatewayEventsSweep,
  payouts,
  cashierSweep,
  proveLedger,
  proveWholeLedger,
  proveAuditLog,
  expireHolds,
  sumPlay,
  concludeRounds,
  watchReturns,
  keepLedgerTables,
  inspectProgram,
  inspectProgramOnDemand,
  rotateKeys,
  shipKeysJournal,
  issueCertificate,
  issueSweep,
  sweepAccess,
  watchBackups,
]
