import { type Family, families, internal, parseKey, type Use } from './catalogue.ts'

/** The socket a process came in by. */
export type Role = 'core' | 'work' | 'edge' | 'ops'

type Operations = ReadonlySet<string>

/** What a use of keys can be asked for, by name of the operation. */
const operationsOf: Record<Use, Operations> = {
  wrap: new Set(['newDek', 'openDek', 'rewrapDeks']),
  mac: new Set(['mac']),
  sign: new Set(['sign', 'signMessage']),
}

/** Operations that name no key, and those that name one of any family; what manages keys belongs to `ops` alone. */
const general: Record<Role, Operations> = {
  edge: new Set(['health', 'random', 'publicKey']),
  core: new Set(['health', 'random', 'publicKey', 'active', 'list']),
  work: new Set(['health', 'random', 'publicKey', 'active', 'list', 'journal', 'signCheckpoint', 'signedSizes']),
  ops: new Set([
    ...['health', 'random', 'publicKey', 'active', 'list', 'journal', 'attributes'],
    ...['create', 'activate', 'destroy', 'ceremonyStatus', 'ceremonyBegin', 'ceremonyFinish'],
    'custodiansVouch',
    ...['backup', 'sealFile', 'checkFile'],
    ...['restoreBegin', 'restoreShare', 'restoreFinish', 'beginLog'],
  ]),
}

/** The families a role works with, and with which operations where not all of the use. */
const worksWith: Record<Role, Partial<Record<Family, Operations>>> = {
  edge: {},
  core: {
    'kek-pii': operationsOf.wrap,
    'hk-email-index': operationsOf.mac,
    'hk-pepper': operationsOf.mac,
    'sk-token': operationsOf.sign,
  },
  work: {
    'kek-pii': operationsOf.wrap,
    'kek-backup': operationsOf.wrap,
    'hk-email-index': operationsOf.mac,
    'hk-pepper': operationsOf.mac,
    'sk-ca-issuing': operationsOf.sign,
  },
  ops: {
    'kek-pii': new Set(['rewrapDeks']),
    'kek-backup': operationsOf.wrap,
    'sk-manifest': operationsOf.sign,
    'sk-ca-root': operationsOf.sign,
    'sk-ca-issuing': operationsOf.sign,
  },
}

/** May this role ask for this? Whatever is not written above may not be asked. */
export function mayAsk(role: Role, operation: string, key: string | undefined): boolean {
  if (general[role].has(operation)) return true
  const family = key === undefined ? undefined : parseKey(key)?.family
  if (family === undefined || internal.has(family)) return false
  return operationsOf[families[family].use].has(operation) && worksWith[role][family]?.has(operation) === true
}
