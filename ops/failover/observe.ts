import { z } from 'zod'
import type { Home } from '../appliance/home.ts'
import { readSettings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Cluster, nodeName } from './members.ts'
import { askPatroni } from './patroni.ts'

/** What Patroni knows of its members (`GET /cluster` and `/patroni`). */
const clusterView = z.object({
  members: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      host: z.string().optional(),
      timeline: z.number().optional(),
      lag: z.union([z.number(), z.string()]).optional(),
    }),
  ),
  pause: z.boolean().optional(),
})

export type MemberState = {
  name: string
  address: string
  role: 'primary' | 'synchronous standby' | 'standby' | 'away'
  state: string
  timeline?: number | undefined
  /** Bytes behind the primary. */
  lagBytes?: number | undefined
}

export function clusterSettings(home: Home): Cluster & { port: number } {
  const { cluster, ports } = readSettings(home)
  if (!cluster)
    throw new Trouble('This home stands alone: there is no cluster.', {
      setting: '"cluster" in countroom.json',
      remedy: 'npx countroom cluster invite makes one; ops/runbooks/failover.md',
    })
  return { ...cluster, port: ports.patroni }
}

/** One line for each node, for people. */
export function linesOf(members: readonly MemberState[]): string[] {
  return members.map(({ name, address, role, state, timeline, lagBytes }) =>
    [
      `${name.padEnd(8)} ${address.padEnd(16)} ${role.padEnd(20)} ${state.padEnd(12)}`,
      ...(timeline === undefined ? [] : [`timeline ${timeline}`]),
      ...(lagBytes === undefined ? [] : [`${lagBytes} bytes behind`]),
    ].join('  '),
  )
}

/** Whether money can move: one leads and runs, and a standby is waited for. */
export function isWhole(members: readonly MemberState[]): boolean {
  const leads = members.some(({ role, state }) => role === 'primary' && state === 'running')
  return leads && members.some(({ role }) => role === 'synchronous standby')
}

/** The members as the first that answers sees them. @throws Trouble when none answers */
export async function observe(home: Home): Promise<MemberState[]> {
  const { addresses, node, port } = clusterSettings(home)
  const nearFirst = [addresses[node - 1]!, ...addresses.filter((_, i) => i !== node - 1)]
  let why = ''
  for (const host of nearFirst) {
    const answer = await askPatroni(home, { host, port }, 'GET', '/cluster')
    const seen = answer.status === 200 ? clusterView.safeParse(JSON.parse(answer.body ?? '')) : undefined
    if (seen?.success) return addresses.map((address, i) => stateOf(nodeName(i + 1), address, seen.data))
    why = answer.why ?? `status ${answer.status}`
  }
  throw new Trouble(`No node answers for the cluster: ${why}.`, {
    setting: '"cluster" in countroom.json',
    remedy: 'npx countroom logs patroni; npx countroom logs etcd; ops/runbooks/failover.md',
  })
}

const roles: Record<string, MemberState['role']> = {
  leader: 'primary',
  sync_standby: 'synchronous standby',
  replica: 'standby',
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
  }
}
