import { existsSync, readFileSync, rmSync } from 'node:fs'
import type { Member } from '../../core/host/primary.ts'
import type { Home } from '../appliance/home.ts'
import type { Ports, Settings } from '../appliance/settings.ts'

export type Cluster = NonNullable<Settings['cluster']>

/** Whose database every command of this node comes to: its own cluster's, or that of the site it follows. */
const file = 'run/members.json'
/** Who keeps this casino here, and where else; rendered at each start. */
const sitesFile = 'run/sites.json'

/** `other`: the site that follows this one, or the one this follows. */
export type Sites = { names: string[]; own: Member[]; other?: { is: 'first' | 'second'; members: Member[] } }

/** The servers of a cluster's database, and where their agents answer. */
export function membersOf({ addresses }: Pick<Cluster, 'addresses'>, ports: Ports): Member[] {
  return addresses.map((host) => ({ host, port: ports.postgres, ask: ports.patroni }))
}

/** `whom`: whose database is the one that is written. */
export function writeMembers(home: Home, cluster: Cluster, ports: Ports, whom: 'own' | 'followed' = 'own'): void {
  const { follows, secondSite } = cluster
  const own = membersOf(cluster, ports)
  const elsewhere = (addresses: string[]) => membersOf({ addresses }, ports)
  const sites: Sites = {
    names: own.map((_, i) => nodeName(cluster.firstNumber + i)),
    own,
    ...(secondSite
      ? { other: { is: 'second', members: elsewhere(secondSite) } }
      : follows
        ? { other: { is: 'first', members: elsewhere(follows) } }
        : {}),
  }
  home.write(sitesFile, `${JSON.stringify(sites)}\n`, 0o644)
  home.write(file, `${JSON.stringify(whom === 'own' ? own : elsewhere(follows!))}\n`, 0o644)
}

/** Of a home that stands alone again. */
export function clearMembers(home: Home): void {
  for (const each of [file, sitesFile]) rmSync(home.path(each), { force: true })
}

/** Undefined where the home stands alone. */
export function clusterOf(home: Home): Member[] | undefined {
  return read(home, file)
}

/** Undefined where the home stands alone. */
export function sitesOf(home: Home): Sites | undefined {
  const sites = read<Sites>(home, sitesFile)
  if (sites) return sites
  const own = clusterOf(home) // rendered by a version that knew of no sites, which still runs
  return own && { names: own.map((_, i) => nodeName(i + 1)), own }
}

/** Which of all nodes of the casino this is: those of a second site are numbered after the first's. */
export function numberOf({ node, firstNumber }: Cluster): number {
  return firstNumber - 1 + node
}

/** What a member is called by etcd, Patroni and people: `node-2`. */
export function nodeName(node: number): string {
  return `node-${node}`
}

function read<T>(home: Home, path: string): T | undefined {
  return existsSync(home.path(path)) ? (JSON.parse(readFileSync(home.path(path), 'utf8')) as T) : undefined
}
