import { once } from 'node:events'
import { connect } from 'node:net'
import { z } from 'zod'
import type { Member } from '../../core/host/primary.ts'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'
import { sitesOf } from './members.ts'
import { askPatroni } from './patroni.ts'

/** What Patroni knows of its members (`GET /cluster`). */
const clusterView = z.object({
  members: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      host: z.string().optional(),
      timeline: z.number().optional(),
      lag: z.union([z.number(), z.string()]).optional(),
      tags: z.object({ second_site: z.string().optional() }).optional(),
    }),
  ),
  pause: z.boolean().optional(),
})

const takenMsMax = 3000

export type MemberState = {
  name: string
  address: string
  role: 'primary' | 'synchronous standby' | 'standby' | 'follows the first site' | 'away'
  state: string
  timeline?: number | undefined
  /** Bytes behind the primary. */
  lagBytes?: number | undefined
  /** The nodes that follow this site, as the settings of this member have them. */
  secondSite?: string[]
}

/** Where the members' agents answer, as the last start rendered it. @throws Trouble where the home stands alone */
export function agentsOf(home: Home): Array<{ name: string; host: string; port: number }> {
  const sites = sitesOf(home)
  if (sites) return sites.own.map(({ host, ask }, i) => ({ name: sites.names[i]!, host, port: ask }))
  throw new Trouble('This home stands alone: there is no cluster.', {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom cluster invite makes one; ops/runbooks/failover.md',
  })
}

/** One line for each node, for people. */
export function linesOf(members: readonly MemberState[]): string[] {
  return members.map(({ name, address, role, state, timeline, lagBytes }) =>
    [
      `${name.padEnd(8)} ${address.padEnd(16)} ${role.padEnd(22)} ${state.padEnd(12)}`,
      ...(timeline === undefined ? [] : [`timeline ${timeline}`]),
      ...(lagBytes === undefined ? [] : [`${lagBytes} bytes behind`]),
    ].join('  '),
  )
}

export const pausedWords =
  'PAUSED: if the primary dies, nobody takes over\n  → npx countroom cluster resume; ops/runbooks/failover.md'

/** Whether money can move: one leads and runs, and a standby is waited for, where there is more than one node. */
export function isWhole(members: readonly MemberState[]): boolean {
  const leads = members.some(({ role, state }) => role === 'primary' && state === 'running')
  return leads && (members.length === 1 || members.some(({ role }) => role === 'synchronous standby'))
}

/** Whether this site follows another, and takes no money on purpose. */
export function isFollower(members: readonly MemberState[]): boolean {
  return members.some(({ role }) => role === 'follows the first site')
}

/** The members as the first that answers sees them. @throws Trouble when none answers */
export async function observe(home: Home): Promise<MemberState[]> {
  return (await observeCluster(home)).members
}

/** `paused`: somebody told the agents to leave everything as it is, and nobody takes over from a primary that dies. */
export type ClusterState = { members: MemberState[]; paused: boolean }

/** The members, and whether they look after themselves, as the first that answers sees it. @throws Trouble when none answers */
export async function observeCluster(home: Home): Promise<ClusterState> {
  const agents = agentsOf(home)
  const { seen, why } = await firstView(home, agents)
  if (seen) return { members: agents.map(({ name, host }) => stateOf(name, host, seen)), paused: seen.pause === true }
  throw new Trouble(`No node answers for the cluster: ${why}.`, {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom logs patroni; npx countroom logs etcd; ops/runbooks/failover.md',
  })
}

/** Members of the other site, as they see themselves; none when nobody there answers. */
export async function observeElsewhere(home: Home, members: readonly Member[]): Promise<MemberState[]> {
  const agents = members.map(({ host, ask }) => ({ host, port: ask }))
  const { seen } = await firstView(home, agents)
  return (seen?.members ?? []).map(({ name, host = '' }) => stateOf(name, host, seen!))
}

/**
 * Where anybody takes a connection in the place of an agent, whoever it is: one without its etcd, or with a certificate that has ended, may have a
 * server beside it that takes money.
 */
export async function whoAnswers(members: readonly Member[]): Promise<string[]> {
  const asked = await Promise.all(members.map(async ({ host, ask }) => ((await isTaken(host, ask)) ? [host] : [])))
  return asked.flat()
}

async function isTaken(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  socket.on('error', () => {}) // also one that comes when nobody waits any more
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(takenMsMax) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function firstView(
  home: Home,
  agents: ReadonlyArray<{ host: string; port: number }>,
): Promise<{ seen?: z.infer<typeof clusterView>; why: string }> {
  let why = ''
  for (const agent of agents) {
    const answer = await askPatroni(home, agent, 'GET', '/cluster')
    const seen = answer.status === 200 ? clusterView.safeParse(JSON.parse(answer.body ?? '')) : undefined
    if (seen?.success) return { seen: seen.data, why }
    why = answer.why ?? `status ${answer.status}`
  }
  return { why }
}

const roles: Record<string, MemberState['role']> = {
  leader: 'primary',
  sync_standby: 'synchronous standby',
  replica: 'standby',
  standby_leader: 'follows the first site',
}

function stateOf(name: string, address: string, { members }: z.infer<typeof clusterView>): MemberState {
  const found = members.find((member) => member.name === name)
  if (!found) return { name, address, role: 'away', state: 'not heard of' }
  return {
    name,
    address,
    role: roles[found.role] ?? 'standby',
    state: found.state,
    timeline: found.timeline,
    ...(typeof found.lag === 'number' ? { lagBytes: found.lag } : {}),
    ...(found.tags?.second_site ? { secondSite: found.tags.second_site.split(',') } : {}),
  }
}
