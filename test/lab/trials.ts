import {
  agentOf,
  coreOf,
  crash,
  cut,
  etcdOf,
  freeze,
  nodeThatIs,
  patroniOf,
  postmasterOf,
  primaryOf,
  redisOf,
  send,
} from './faults.ts'
import type { Lab, LabNode } from './lab.ts'
import { kill } from './network.ts'
import { redisPrimary } from './redis.ts'

/** What was done: words that tell what was seen of it (a fault that did not take place throws), and what brings back what it took away. */
type Struck = {
  proof: string
  heal?: () => Promise<void>
  /** Who reaches nobody else until it is healed, and so may acknowledge nothing. */
  cutOff?: LabNode
}

/** One fault: what is done to the cluster while people play. */
export type Trial = {
  name: string
  /** Seconds until money moves again, as the operator was promised; and what would be better still. */
  gapSecondsMax: number
  gapSecondsAim?: number
  /** From which second after the fault on who asks waits as usual. */
  backSecondsMax?: number
  /** Whether a player may be told to ask again. */
  unnoticed?: true
  /** Whether another leads afterwards, on a timeline of its own; where it may or may not, nothing. */
  leader?: 'changes' | 'stays'
  strike(lab: Lab): Promise<Struck>
  /** Between the fault and its healing; drawn from a range, where it depends on the moment what happens. */
  seconds: number | readonly [least: number, most: number]
}

const coreNodeDies = {
  gapSecondsMax: 2,
  backSecondsMax: 2,
  unnoticed: true,
  leader: 'stays',
  seconds: 15,
} as const

export const trials: readonly Trial[] = [
  {
    name: 'planned switchover',
    gapSecondsMax: 4,
    gapSecondsAim: 2,
    unnoticed: true,
    leader: 'changes',
    seconds: 10,
    strike: async (lab) => ({ proof: lab.nodes[0]!.countroom('switchover').trim() }),
  },
  {
    name: 'the postmaster of the primary killed',
    gapSecondsMax: 10,
    gapSecondsAim: 5,
    seconds: 20,
    strike: async (lab) => ({ proof: send(postmasterOf(await primaryOf(lab)), 'SIGKILL') }),
  },
  {
    name: 'the machine of the primary dies',
    gapSecondsMax: 30,
    gapSecondsAim: 10,
    leader: 'changes',
    seconds: 45,
    strike: async (lab) => dies(await primaryOf(lab)),
  },
  {
    name: 'the primary cut off for 35 to 70 s, then healed',
    gapSecondsMax: 30,
    leader: 'changes',
    seconds: [35, 70],
    async strike(lab) {
      const node = await primaryOf(lab)
      return { proof: cut(node), cutOff: node, heal: async () => node.machine.plug() }
    },
  },
  {
    name: 'the agent of the primary frozen',
    gapSecondsMax: 60,
    leader: 'changes',
    seconds: 45,
    async strike(lab) {
      const pid = patroniOf(await primaryOf(lab))
      return { proof: send(pid, 'SIGSTOP'), heal: async () => kill(pid, 'SIGCONT') }
    },
  },
  {
    name: 'the agent of the primary killed',
    gapSecondsMax: 30,
    seconds: 15,
    strike: async (lab) => ({ proof: send(patroniOf(await primaryOf(lab)), 'SIGKILL') }),
  },
  {
    name: 'the whole primary held for 45 s, then let go on',
    gapSecondsMax: 60,
    leader: 'changes',
    seconds: 45,
    async strike(lab) {
      const node = await primaryOf(lab)
      const { held, letGo } = freeze(node)
      return { proof: `${held} processes of node-${node.number} held`, heal: async () => letGo() }
    },
  },
  {
    name: 'a core killed',
    ...coreNodeDies,
    seconds: 10,
    strike: async (lab) => ({ proof: send(coreOf(lab.nodes[0]!), 'SIGKILL') }),
  },
  {
    name: 'the machine of the synchronous standby dies',
    ...coreNodeDies,
    strike: async (lab) => dies(await nodeThatIs(lab, 'synchronous standby')),
  },
  {
    name: 'the machine of the other standby dies',
    ...coreNodeDies,
    strike: async (lab) => dies(await nodeThatIs(lab, 'standby')),
  },
  {
    name: 'the edge with the virtual address dies',
    gapSecondsMax: 3,
    gapSecondsAim: 1.5,
    leader: 'stays',
    seconds: 10,
    strike: async (lab) => dies(lab.edges[0]!),
  },
  {
    name: 'a member of etcd killed',
    gapSecondsMax: 5,
    leader: 'stays',
    seconds: 10,
    strike: async (lab) => ({ proof: send(etcdOf(lab.nodes[1]!), 'SIGKILL') }),
  },
  {
    // It runs again at once, before Sentinel would do anything.
    name: 'the Redis primary killed',
    gapSecondsMax: 5,
    leader: 'stays',
    seconds: 10,
    async strike(lab) {
      const node = redisPrimary(lab)
      return { proof: `of node-${node.number}: ${send(redisOf(node), 'SIGKILL')}` }
    },
  },
  {
    name: 'the Redis primary held for 12 s, so that another takes over',
    gapSecondsMax: 5,
    leader: 'stays',
    seconds: 12,
    async strike(lab) {
      const node = redisPrimary(lab)
      const pid = redisOf(node)
      return {
        proof: `of node-${node.number}: ${send(pid, 'SIGSTOP')}`,
        async heal() {
          const others = { ...lab, nodes: lab.nodes.filter((each) => each !== node) }
          redisPrimary(others) // throws while there is none
          kill(pid, 'SIGCONT')
        },
      }
    },
  },
  {
    // Nobody else takes over: the server runs and leads. It refuses what it cannot write, and the operator was told before.
    name: 'the disk of the primary full for 15 s',
    gapSecondsMax: 25,
    seconds: 15,
    async strike(lab) {
      const node = await primaryOf(lab)
      node.disk.fill(64)
      const warned = toldBy(node, 'check', 'disk-free')
      if (!/CRITICAL/.test(warned)) throw new Error(`nobody was told before the disk was full: ${warned}`)
      node.disk.fill()
      return { proof: `node-${node.number}, before: ${warned}`, heal: async () => node.disk.free() }
    },
  },
  {
    name: 'a key agent killed',
    gapSecondsMax: 5,
    leader: 'stays',
    seconds: 10,
    strike: async (lab) => ({ proof: send(agentOf(lab.nodes[0]!), 'SIGKILL') }),
  },
]

/** The machine is gone, and comes back as one that was switched on again. */
function dies(node: LabNode): Struck {
  return {
    proof: crash(node),
    async heal() {
      node.machine.plug()
      await node.up()
    },
  }
}

/** What a command says, whether or not it is good. */
function toldBy(node: LabNode, ...words: string[]): string {
  try {
    return node.countroom(...words).trim()
  } catch (error) {
    return (error as { stdout: string }).stdout.trim()
  }
}
