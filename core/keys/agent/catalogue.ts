/** Every key the token holds, by name. A key's attributes follow from its use and are read back at each start. */
export const catalogue = {
  'kek-pii-1': { use: 'wrap', purpose: 'wraps the data keys of personal data' },
  'hk-email-index': { use: 'mac', purpose: 'blind index of e-mail addresses' },
  'hk-pepper': { use: 'mac', purpose: 'pepper over password hashes and one-time codes' },
  'hk-dek-binding': { use: 'mac', purpose: 'binds a wrapped data key to the row it stands in' },
  'sk-audit': { use: 'sign', purpose: 'signs checkpoints of the audit log' },
  'sk-ca': { use: 'sign', purpose: "the appliance's own certificate authority" },
} as const

export type KeyName = keyof typeof catalogue

export type Role = 'core' | 'work' | 'ops'

const everyone = ['health', 'random', 'publicKey:sk-audit', 'publicKey:sk-ca', 'newDek:kek-pii-1', 'openDek:kek-pii-1']
const people = ['mac:hk-email-index', 'mac:hk-pepper']

/** What a role may ask: operation, or operation and key. Whatever is not written here is refused. */
const allowed: Record<Role, ReadonlySet<string>> = {
  core: new Set([...everyone, ...people]),
  work: new Set([...everyone, ...people, 'sign:sk-audit']),
  ops: new Set([
    'health',
    'random',
    'publicKey:sk-audit',
    'publicKey:sk-ca',
    'sign:sk-audit',
    'sign:sk-ca',
    'attributes',
  ]),
}

export function mayAsk(role: Role, operation: string, key: string | undefined): boolean {
  return allowed[role].has(key === undefined || operation === 'attributes' ? operation : `${operation}:${key}`)
}
