import type { Kinds } from '../kind.ts'

const client = {
  name: 'text',
  kind: 'text',
  authentication: 'text',
  keys: 'texts',
  component: 'text?',
  binding: 'text',
  scopes: 'texts',
  redirectUris: 'texts',
  pushed: 'flag',
} as const
const approved = { approvedBy: 'texts' } as const

/** Machines and apps that ask for tokens. */
export const access = {
  'access.client_added': {
    title: 'Let a client of the interfaces in',
    severity: 'warning',
    gli: 'i',
    detail: { ...client, ...approved },
  },
  'access.client_changed': {
    title: 'Changed a client of the interfaces',
    severity: 'warning',
    gli: 'i',
    detail: approved,
    changes: Object.keys(client),
  },
  'access.client_removed': {
    title: 'Removed a client of the interfaces',
    severity: 'warning',
    gli: 'i',
    detail: approved,
  },
  'access.client_refused': {
    title: 'A client, or a token, was refused',
    outcome: 'failure',
    severity: 'warning',
    gli: 'a',
    detail: { route: 'text', code: 'text', unreported: 'number?' },
  },
  'access.token_granted': {
    title: 'Gave out a token',
    detail: { client: 'text', grant: 'text', scopes: 'texts', binding: 'text' },
  },
  'access.signed_on': { title: 'Signed on to an app, staff', detail: { client: 'text' } },
  'access.grant_revoked': {
    title: 'A grant was ended with all its tokens',
    severity: 'warning',
    detail: { ended: 'number' },
  },
} as const satisfies Kinds
