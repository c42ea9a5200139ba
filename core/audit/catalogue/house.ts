import type { Kinds } from '../kind.ts'

const query = {
  code: 'text?',
  outcome: 'text?',
  actor: 'text?',
  subject: 'text?',
  player: 'text?',
  significant: 'text?',
  from: 'instant?',
  to: 'instant?',
} as const
const approved = { digest: 'text', files: 'number', key: 'text', version: 'text', by: 'text' } as const

/** The log itself, processes, engines and clocks, the program, the licence. */
export const house = {
  'audit.viewed': { title: 'Read the audit log', detail: { ...query, before: 'text?' } },
  'audit.exported': { title: 'Downloaded the audit log', detail: { ...query, format: 'text' } },
  'audit.personal_viewed': { title: 'Saw the personal part of an event' },
  'audit.proof_viewed': {
    title: 'Asked for a proof of the log',
    detail: { index: 'text?', from: 'text?', to: 'text?', reference: 'text?' },
  },
  'audit.chain_ended': { title: 'The hash chain of before ended', detail: { checkpoint: 'text?', signature: 'text?' } },
  'audit.key_succeeded': {
    title: 'The key of the log was succeeded by another',
    detail: { key: 'text', since: 'text', handover: 'text?' },
  },
  'audit.archived': {
    title: 'Events past their years were archived',
    detail: { before: 'instant', upTo: 'text', count: 'number', file: 'text', digest: 'text' },
  },
  'audit.archiving_failed': {
    title: 'Events past their years could not be archived',
    outcome: 'failure',
    severity: 'alarm',
    detail: { cause: 'text' },
  },
  'audit.proof_failed': {
    title: 'The audit log contradicts itself',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'g',
    detail: { firstBad: 'text' },
  },
  'audit.loss_explained': {
    title: 'Somebody answers for events that were lost before they were sealed',
    severity: 'warning',
    detail: { leaves: 'texts', by: 'text' },
  },
  'audit.shipping_failed': {
    title: 'The second place of the log is not what was sent',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'p',
    detail: { cause: 'text' },
  },

  'host.started': {
    title: 'A process started',
    gli: 'c',
    detail: { process: 'text', version: 'text', configuration: 'text' },
  },
  'host.stopped': { title: 'A process stopped', gli: 'c', detail: { process: 'text' } },
  'host.configuration_changed': {
    title: 'A configuration not seen before',
    severity: 'warning',
    gli: 'i',
    changes: ['configuration', 'version'],
  },
  'host.schema_changed': {
    title: 'A database schema not seen before',
    severity: 'warning',
    gli: 'i',
    changes: ['migrations', 'digest'],
  },
  'host.unavailable': {
    title: 'Something the casino needs was away',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'c',
    detail: { process: 'text', from: 'instant', until: 'instant', refused: 'number' },
  },
  'host.program_error': {
    title: 'A program error',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { process: 'text', error: 'text', code: 'text?', unreported: 'number?' },
  },
  'host.clock_skewed': {
    title: 'Clocks differ',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'j',
    detail: { process: 'text', against: 'text', milliseconds: 'number' },
  },
  'host.clock_stepped': {
    title: 'A clock was set',
    severity: 'alarm',
    gli: 'j',
    detail: { process: 'text', milliseconds: 'number' },
  },

  'program.approved': {
    title: 'A control program was signed',
    gli: 'i',
    detail: { ...approved, changed: 'number?', first: 'texts?' },
  },
  'program.verification_asked': { title: 'Asked for a verification of the control program' },
  'program.verified': {
    title: 'The control program is what was signed',
    detail: { occasion: 'text', expected: 'text', actual: 'text', files: 'number' },
  },
  'program.mismatch': {
    title: 'The control program is not what was signed',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { path: 'text', expected: 'text?', actual: 'text?', occasion: 'text', differences: 'number' },
  },

  'licences.rules_changed': {
    title: 'Rules of the licence not seen before',
    severity: 'warning',
    gli: 'i',
    changes: ['licence', 'rules'],
  },
} as const satisfies Kinds
