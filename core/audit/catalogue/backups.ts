import type { Kinds } from '../kind.ts'

/** Backups of data, what came of them, and proofs that they come back. */
export const backups = {
  'backup.written': {
    title: 'Data were backed up',
    detail: {
      repository: 'number',
      label: 'text',
      type: 'text',
      bytes: 'number',
      storedBytes: 'number',
      seconds: 'number',
    },
  },
  'backup.failed': {
    title: 'Data could not be backed up',
    outcome: 'failure',
    severity: 'alarm',
    detail: { type: 'text', cause: 'text' },
  },
  'backup.restored': {
    title: 'Data were restored from a backup',
    severity: 'alarm',
    gli: 'i',
    detail: { label: 'text', target: 'text', reached: 'instant?', lsn: 'text', frozen: 'flag', by: 'text' },
  },
  'site.promoted': {
    title: 'The second site was let lead, instead of the first',
    severity: 'alarm',
    gli: 'i',
    detail: { lastCommit: 'instant?', missing: 'number', frozen: 'flag', by: 'text', answer: 'fields' },
  },
  'drill.passed': {
    title: 'A backup was restored beside production and proven',
    detail: { label: 'text', rtoSeconds: 'number', rpoSeconds: 'number', evidence: 'text' },
  },
  'drill.failed': {
    title: 'A backup could not be restored and proven',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'p',
    detail: { cause: 'text' },
  },
} as const satisfies Kinds
