import { internalDomain, type Role, sharedLabel } from '#pki'
import { numberOf } from '../failover/members.ts'
import { type Kind, userNames } from './identity.ts'
import type { Settings } from './settings.ts'

/**
 * Who has a certificate on a node: what it is called in the casino, the file it stands in (`tls/<file>.pem`), its role, and what it is
 * called on its networks.
 */
export type Component = { name: string; file: string; role: Role; names: string[] }

export function componentsOf(settings: Settings): Component[] {
  const { cluster, dataAddress } = settings
  const inside = (name: string, role: Role, file = name, also: string[] = []): Component => ({
    name,
    file,
    role,
    names: [`${name}.${internalDomain}`, ...also],
  })
  /** An engine is asked by its address, or by what all of its role are called. */
  const engine = (role: 'postgres' | 'redis' | 'etcd') =>
    inside(ownName(settings, role), role, role, cluster ? [`${sharedLabel(role)}.${internalDomain}`, dataAddress!] : [])
  return [
    ...coreNames(settings).map((name) => inside(name, 'core')),
    inside(workName(settings), 'work'),
    inside(ownName(settings, 'ops'), 'ops', 'ops'),
    ...(hasEdge(settings) ? edgeOfNode(settings) : []),
    ...(dataAddress === undefined ? [] : [engine('postgres'), engine('redis')]),
    ...(cluster ? [engine('etcd')] : []),
  ]
}

/** What an edge shows to the cores, and what it shows to the world. */
export function edgeComponents({ hostName }: Settings, suffix: string, also: string[] = []): Component[] {
  const open = ['localhost', '127.0.0.1', ...(hostName === 'localhost' ? [] : [hostName]), ...also]
  const name = `edge${suffix}`
  return [
    { name, file: 'edge', role: 'edge', names: [`${name}.${internalDomain}`] },
    { name: `public${suffix}`, file: 'public', role: 'public', names: open },
  ]
}

function edgeOfNode(settings: Settings): Component[] {
  const { cluster, dataAddress } = settings
  return cluster
    ? edgeComponents(settings, `-site-${cluster.firstNumber}`, [dataAddress!])
    : edgeComponents(settings, '')
}

/** Before several nodes edges are machines of their own. */
export function hasEdge({ cluster }: Pick<Settings, 'cluster'>): boolean {
  return cluster === undefined || cluster.addresses.length === 1
}

/** `ops` on the only node and on the first of several, `ops-2` on the second. */
export function ownName({ cluster }: Settings, name: string): string {
  const number = cluster ? numberOf(cluster) : 1
  return number === 1 ? name : `${name}-${number}`
}

/** Cores are numbered through all nodes, two numbers for each: `core-3` is the first of the second. */
export function coreNames(settings: Settings): string[] {
  const before = settings.cluster ? 2 * (numberOf(settings.cluster) - 1) : 0
  return Array.from({ length: settings.cores }, (_, i) => `core-${before + i + 1}`)
}

export function workName({ cluster }: Settings): string {
  return `work-${cluster ? numberOf(cluster) : 1}`
}

/** The kind of a process: `core-1` is a core, `redis-exporter` an exporter. Undefined for what does not run here. */
export function kindOf(process: string): Kind | undefined {
  const kind = process.replace(/-\d+$|^.+-(?=exporter$)/, '')
  return kind in userNames ? (kind as Kind) : undefined
}

/** The kind of process that works with the private key in a file. */
export function readerOf(file: string): Kind | undefined {
  return file === 'public' ? 'edge' : kindOf(file)
}
