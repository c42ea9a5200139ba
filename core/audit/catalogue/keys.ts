import type { Kinds } from '../kind.ts'

const vouched = { vouchers: 'texts?' } as const
const component = { role: 'text?', names: 'texts?' } as const

/** The token's keys and what they wrap; certificates. */
export const keys = {
  'keys.rotation_asked': {
    title: 'Asked for a rotation of keys',
    severity: 'warning',
    gli: 'i',
    detail: { family: 'text', ...vouched },
  },
  'keys.rotation_begun': {
    title: 'A rotation of keys began',
    gli: 'i',
    detail: { family: 'text?', epoch: 'text', older: 'texts?', total: 'number?' },
  },
  'keys.rotation_ended': {
    title: 'A rotation of keys ended',
    gli: 'i',
    detail: { family: 'text?', epoch: 'text', older: 'texts?' },
  },
  'keys.rotation_overdue': {
    title: 'A key is older than it may be',
    outcome: 'failure',
    severity: 'warning',
    gli: 'p',
    detail: { key: 'text', since: 'instant' },
  },
  'keys.epoch_destroyed': {
    title: 'A key was destroyed',
    severity: 'warning',
    gli: 'i',
    detail: { epoch: 'text', ...vouched },
  },
  'keys.ceremony_begun': {
    title: 'A key ceremony was begun',
    severity: 'warning',
    gli: 'i',
    detail: { custodians: 'texts', threshold: 'number', ...vouched },
  },
  'keys.backup_written': {
    title: 'Keys were backed up, sealed',
    gli: 'i',
    detail: { backup: 'text', epochs: 'texts?', deks: 'number?' },
  },
  'keys.backup_removed': {
    title: 'A backup of keys was removed',
    gli: 'i',
    detail: { backup: 'text', epochs: 'texts?' },
  },
  'keys.restored': {
    title: 'Keys were restored under a quorum',
    severity: 'warning',
    gli: 'i',
    detail: { epochs: 'texts?', deks: 'number?', erased: 'number?' },
  },
  'keys.journal': {
    title: 'What the key agent did',
    detail: {
      number: 'text',
      operation: 'text',
      key: 'text?',
      role: 'text',
      outcome: 'text',
      hash: 'text',
      at: 'instant',
    },
  },
  'keys.journal_broken': {
    title: 'The key agent’s journal does not follow',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { number: 'text?', firstBad: 'text' },
  },
  'keys.envelope_tampered': {
    title: 'A sealed value does not open',
    outcome: 'failure',
    severity: 'alarm',
    gli: 'b',
    detail: { where: 'text' },
  },

  'pki.authority_made': {
    title: 'An authority for certificates was made',
    severity: 'warning',
    gli: 'i',
    detail: { kind: 'text', key: 'text', notAfter: 'instant' },
  },
  'pki.enrolment_offered': {
    title: 'Offered a component its enrolment',
    gli: 'i',
    detail: { ...component, expiresAt: 'instant' },
  },
  'pki.enrolled': { title: 'A component was enrolled', gli: 'i', detail: { request: 'text' } },
  'pki.enrolment_refused': { title: 'An enrolment was refused', outcome: 'failure', severity: 'warning', gli: 'b' },
  'pki.renewal_asked': { title: 'Asked for a new certificate', detail: { request: 'text', serial: 'text' } },
  'pki.issued': {
    title: 'A certificate was issued',
    detail: { ...component, serial: 'text', notAfter: 'instant' },
  },
  'pki.signed_alone': {
    title: 'A node signed lists or certificates without the database',
    severity: 'warning',
    gli: 'i',
    detail: { signedAt: 'instant', by: 'text', lists: 'texts', serials: 'texts' },
  },
  'pki.revoked': { title: 'Certificates were revoked', severity: 'warning', gli: 'i', detail: { serials: 'texts' } },
  'pki.component_dismissed': {
    title: 'A component was dismissed',
    severity: 'warning',
    gli: 'i',
    detail: { serials: 'texts' },
  },
} as const satisfies Kinds
