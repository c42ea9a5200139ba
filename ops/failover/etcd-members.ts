import { request } from 'node:https'
import { z } from 'zod'
import { sharedLabel } from '#pki'
import type { Home } from '../appliance/home.ts'
import type { Settings } from '../appliance/settings.ts'
import { showing } from '../appliance/showing.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Cluster, nodeName, numberOf } from './members.ts'
import { whoAnswers } from './observe.ts'

/** As etcd lists a member (v2 API); without a name while it was added and never started, without an address of clients before its first start. */
const listed = z.object({
  members: z.array(
    z.object({ id: z.string(), name: z.string(), peerURLs: z.array(z.string()), clientURLs: z.array(z.string()) }),
  ),
})
type EtcdMember = z.infer<typeof listed>['members'][number]

export type Replacement = { node: string; address: string; removed: boolean; added: boolean }

/**
 * How etcd has to start here: a member without data begins a cluster with the others (`new`), or comes into the place that `replaceMember` has made
 * for it (`existing`). Asked before each start; where there are data, etcd goes by them.
 *
 * @throws Trouble where the others know it with data that are gone: with the old number and an empty memory it could vote twice
 */
export async function memberState(home: Home, { ports }: Settings, cluster: Cluster): Promise<'new' | 'existing'> {
  if (home.has('etcd/member')) return 'new'
  const own = peerOf(cluster.addresses[cluster.node - 1]!, ports.etcdPeer)
  const known = await askAround(home, cluster, ports.etcd)
  const before = known?.find(({ peerURLs }) => peerURLs.includes(own))
  if (!known || (before && before.name !== '' && before.clientURLs.length === 0)) return 'new'
  if (before?.name === '') return 'existing'
  const name = nodeName(numberOf(cluster))
  throw new Trouble(`The other nodes know ${name} with data that are not here any more.`, {
    setting: home.path('etcd'),
    remedy: `on a node that runs: npx countroom cluster replace ${name}; then again here; ops/runbooks/failover.md`,
  })
}

/**
 * `countroom cluster replace`: makes place for a node whose disk is gone, by taking its member out of etcd and a new one in, at the same address. It can be repeated.
 *
 * @throws Trouble where the node is this one, none, or answers, or etcd has no majority to decide it
 */
export async function replaceMember(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  node: string,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<Replacement> {
  const address = addressOf(cluster, node)
  if ((await whoAnswers([ports.etcd, ports.patroni].map((ask) => ({ host: address, port: 0, ask })))).length > 0)
    throw new Trouble(`${node} answers at ${address}: it is not lost.`, {
      setting: '<node>',
      remedy: 'stop it first, if its disk is gone; npx countroom cluster status',
    })
  const own = cluster.addresses[cluster.node - 1]!
  const known = listed.parse(await ask(home, own, ports.etcd, 'GET', '/v2/members')).members
  const before = known.find(({ peerURLs }) => peerURLs.includes(peerOf(address, ports.etcdPeer)))
  const removed = before !== undefined && before.name !== ''
  const added = before === undefined || removed
  if (dryRun) return { node, address, removed, added }
  if (removed) await ask(home, own, ports.etcd, 'DELETE', `/v2/members/${before.id}`)
  if (added) await ask(home, own, ports.etcd, 'POST', '/v2/members', { peerURLs: [peerOf(address, ports.etcdPeer)] })
  return { node, address, removed, added }
}

function addressOf(cluster: Cluster, node: string): string {
  const others = cluster.addresses.flatMap((address, i) =>
    i === cluster.node - 1 ? [] : [{ address, name: nodeName(cluster.firstNumber + i) }],
  )
  const found = others.find(({ name }) => name === node)
  if (found) return found.address
  throw new Trouble(`${node} is no other node of this cluster.`, {
    setting: '<node>',
    remedy: `npx countroom cluster replace ${others.map(({ name }) => name).join(' | ')}`,
  })
}

function peerOf(address: string, port: number): string {
  return `https://${address}:${port}`
}

/** As the first of the others that answers has them; undefined when none does. */
async function askAround(home: Home, cluster: Cluster, port: number): Promise<EtcdMember[] | undefined> {
  for (const host of cluster.addresses.filter((_, i) => i !== cluster.node - 1)) {
    const answer = await ask(home, host, port, 'GET', '/v2/members').catch(() => undefined)
    const found = listed.safeParse(answer)
    if (found.success) return found.data.members
  }
  return undefined
}

/** @throws Trouble with what etcd says no to */
function ask(home: Home, host: string, port: number, method: string, path: string, body?: object): Promise<unknown> {
  return new Promise<unknown>((resolve, reject) => {
    const tls = showing(home, 'postgres', { name: sharedLabel('etcd'), role: 'etcd' })
    const headers = body ? { 'content-type': 'application/json' } : {}
    const signal = AbortSignal.timeout(10_000)
    const asking = request({ ...tls, host, port, path, method, headers, agent: false, signal }, async (answer) => {
      let text = ''
      try {
        for await (const part of answer) text += String(part)
        if ((answer.statusCode ?? 500) >= 300) throw new Error(`status ${answer.statusCode}: ${text.trim()}`)
        resolve(text === '' ? undefined : JSON.parse(text))
      } catch (error) {
        reject(error)
      }
    })
    asking.on('error', reject)
    asking.end(body && JSON.stringify(body))
  }).catch((cause: Error) => {
    throw new Trouble(`etcd at ${host} did not do it: ${cause.message}`, {
      setting: '"cluster" in countroom.json',
      remedy: 'npx countroom cluster status; npx countroom logs etcd; ops/runbooks/failover.md',
      cause,
    })
  })
}
