import { existsSync, readFileSync, rmSync } from 'node:fs'
import type { Member } from '../../core/host/primary.ts'
import type { Home } from '../appliance/home.ts'
import type { Ports, Settings } from '../appliance/settings.ts'

export type Cluster = NonNullable<Settings['cluster']>

/** Where the members of the cluster stand, for every command of this node; rendered at each start. */
const file = 'run/members.json'

/** The servers of a cluster's database, and where their agents answer. */
export function membersOf({ addresses }: Cluster, ports: Ports): Member[] {
  return addresses.map((host) => ({ host, port: ports.postgres, ask: ports.patroni }))
}

export function writeMembers(home: Home, cluster: Cluster, ports: Ports): void {
  home.write(file, `${JSON.stringify(membersOf(cluster, ports))}\n`, 0o644)
}

/** Of a home that stands alone again. */
export function clearMembers(home: Home): void {
  rmSync(home.path(file), { force: true })
}

/** Undefined where the home stands alone. */
export function clusterOf(home: Home): Member[] | undefined {
  return existsSync(home.path(file)) ? (JSON.parse(readFileSync(home.path(file), 'utf8')) as Member[]) : undefined
}

/** What a member is called by etcd, Patroni and people: `node-2`. */
export function nodeName(node: number): string {
  return `node-${node}`
}
