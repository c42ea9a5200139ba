/**
 * The families of keys. A family has epochs, `<family>-<n>`; one of them is active. Days are how long an epoch stays
 * active before its rotation is due; the configuration may set others.
 */
export const families = {
  'kek-pii': { use: 'wrap', days: 365, purpose: 'wraps the data keys of personal data' },
  'kek-backup': { use: 'wrap', days: 365, purpose: 'wraps the keys of backup repositories' },
  'hk-email-index': { use: 'mac', days: 1095, purpose: 'blind index of e-mail addresses' },
  'hk-pepper': { use: 'mac', days: 1095, purpose: 'pepper over password hashes and one-time codes' },
  'hk-dek-binding': { use: 'mac', days: 1095, purpose: 'binds a wrapped data key to the row it stands in' },
  'hk-register': { use: 'mac', days: 1825, purpose: "seals the agent's own register" },
  'hk-recovery': { use: 'mac', days: 1825, purpose: 'authenticates the copies sealed to the recovery key' },
  'sk-audit': { use: 'sign', days: 365, purpose: 'signs checkpoints of the audit log' },
  'sk-manifest': { use: 'sign', days: 730, purpose: 'signs the manifest of the control program' },
  'sk-token': { use: 'sign', days: 90, purpose: 'signs tokens of sign-in' },
  'sk-ca-root': { use: 'sign', days: 3650, purpose: "the appliance's own certificate authority, its root" },
  'sk-ca-issuing': { use: 'sign', days: 365, purpose: 'the authority that issues certificates' },
} as const

export type Family = keyof typeof families
export type Use = (typeof families)[Family]['use']

export const familyNames = Object.keys(families) as Family[]

/** These are signed by Ed25519 where the module has it; certificates and tokens want P-256. */
export const prefersEdwards: ReadonlySet<Family> = new Set(['sk-audit', 'sk-manifest'])

/** Never asked from outside: the agent itself works with them. */
export const internal: ReadonlySet<Family> = new Set(['hk-register', 'hk-dek-binding', 'hk-recovery'])

/** Each agent has its own, and no ceremony or join touches it. */
export const registerFamily: Family = 'hk-register'

/** Made by a ceremony, from the recovery key; every other family has an epoch from the first day. */
export const recoveryFamily: Family = 'hk-recovery'
export const everyday: readonly Family[] = familyNames.filter((family) => family !== recoveryFamily)

/** What tokens of the first version hold, and what those keys are called now. */
export const adopted: Readonly<Record<string, Family>> = {
  'kek-pii-1': 'kek-pii',
  'hk-email-index': 'hk-email-index',
  'hk-pepper': 'hk-pepper',
  'hk-dek-binding': 'hk-dek-binding',
  'sk-audit': 'sk-audit',
  'sk-ca': 'sk-ca-root',
}

export function epochName(family: Family, epoch: number): string {
  return `${family}-${epoch}`
}

/** A family alone, or a family and one of its epochs; undefined for anything else. */
export function parseKey(name: string): { family: Family; epoch?: number } | undefined {
  if (isFamily(name)) return { family: name }
  const [, family, epoch] = /^(.+)-([1-9]\d{0,5})$/.exec(name) ?? []
  return family !== undefined && isFamily(family) ? { family, epoch: Number(epoch) } : undefined
}

function isFamily(name: string): name is Family {
  return Object.hasOwn(families, name)
}
