import { agentOf, coreOf, crash, etcdOf, freeze, patroniOf, postmasterOf, primaryOf, redisOf } from './faults.ts'
import { type Account, compare, play } from './journal.ts'
import type { Lab, LabNode } from './lab.ts'
import { kill } from './network.ts'

/** One fault: what is done to the cluster while people play, and what brings back what it took away. */
export type Trial = {
  name: string
  /** Seconds until money moves again, as the operator was promised. */
  gapSecondsMax: number
  /** Whether a player may be told to ask again. */
  unnoticed?: true
  /** Answers a word about what proves that it took place, and the healing. */
  strike(lab: Lab): Promise<{ proof: string; heal?: () => Promise<void> }>
  /** Between the fault and its healing. */
  seconds: number
}

export type Outcome = {
  trial: Trial
  account: Account
  lost: string[]
  doubled: string[]
  proof: string
  /** When the fault was made, in milliseconds since 1970. */
  struckAt: number
  /** Who led when, from the fault on. */
  timeline: Array<{ seconds: number; leads: string }>
  /** From the fault until everybody is where they were. */
  settledSeconds: number
}

const signal = (pid: number, name: NodeJS.Signals) => {
  kill(pid, name)
  return `${name} to ${pid}`
}

/** What a command says, whether or not it is good. */
function toldBy(node: LabNode, ...words: string[]): string {
  try {
    return node.countroom(...words).trim()
  } catch (error) {
    return (error as { stdout: string }).stdout.trim()
  }
}

export const trials: readonly Trial[] = [
  {
    name: 'planned switchover',
    gapSecondsMax: 4,
    unnoticed: true,
    seconds: 10,
    strike: async (lab) => ({ proof: lab.nodes[0]!.countroom('switchover').trim() }),
  },
  {
    name: 'the postmaster of the primary killed',
    gapSecondsMax: 10,
    seconds: 20,
    strike: async (lab) => ({ proof: signal(postmasterOf(await primaryOf(lab)), 'SIGKILL') }),
  },
  {
    name: 'the machine of the primary dies',
    gapSecondsMax: 30,
    seconds: 45,
    async strike(lab) {
      const node = await primaryOf(lab)
      crash(node)
      return {
        proof: `node-${node.number}, plugged: ${node.machine.isPlugged()}`,
        async heal() {
          node.machine.plug()
          await node.up()
        },
      }
    },
  },
  {
    name: 'the primary cut off for 45 s, then healed',
    gapSecondsMax: 30,
    seconds: 45,
    async strike(lab) {
      const node = await primaryOf(lab)
      node.machine.unplug()
      return {
        proof: `node-${node.number}, plugged: ${node.machine.isPlugged()}`,
        heal: async () => node.machine.plug(),
      }
    },
  },
  {
    name: 'the agent of the primary frozen',
    gapSecondsMax: 60,
    seconds: 45,
    async strike(lab) {
      const pid = patroniOf(await primaryOf(lab))
      return { proof: signal(pid, 'SIGSTOP'), heal: async () => kill(pid, 'SIGCONT') }
    },
  },
  {
    name: 'the agent of the primary killed',
    gapSecondsMax: 30,
    seconds: 15,
    strike: async (lab) => ({ proof: signal(patroniOf(await primaryOf(lab)), 'SIGKILL') }),
  },
  {
    name: 'the whole primary held for 45 s, then let go on',
    gapSecondsMax: 60,
    seconds: 45,
    async strike(lab) {
      const node = await primaryOf(lab)
      const letGo = freeze(node)
      return { proof: `${node.machine.pids().length} processes of node-${node.number}`, heal: async () => letGo() }
    },
  },
  {
    name: 'a core killed',
    gapSecondsMax: 2,
    unnoticed: true,
    seconds: 10,
    strike: async (lab) => ({ proof: signal(coreOf(lab.nodes[0]!), 'SIGKILL') }),
  },
  {
    name: 'the edge with the virtual address dies',
    gapSecondsMax: 3,
    seconds: 10,
    async strike(lab) {
      const [edge] = lab.edges
      crash(edge!)
      return {
        proof: `${edge!.machine.address}, plugged: ${edge!.machine.isPlugged()}`,
        async heal() {
          edge!.machine.plug()
          await edge!.up()
        },
      }
    },
  },
  {
    name: 'a member of etcd killed',
    gapSecondsMax: 5,
    seconds: 10,
    strike: async (lab) => ({ proof: signal(etcdOf(lab.nodes[1]!), 'SIGKILL') }),
  },
  {
    name: 'a Redis killed',
    gapSecondsMax: 5,
    seconds: 10,
    strike: async (lab) => ({ proof: signal(redisOf(lab.nodes[0]!), 'SIGKILL') }),
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
      node.disk.fill()
      return { proof: `node-${node.number}, before: ${warned}`, heal: async () => node.disk.free() }
    },
  },
  {
    name: 'a key agent killed',
    gapSecondsMax: 5,
    seconds: 10,
    strike: async (lab) => ({ proof: signal(agentOf(lab.nodes[0]!), 'SIGKILL') }),
  },
]

/** Lets people play, strikes, heals, waits until all is settled and some time more, and only then asks the books. */
export async function run(lab: Lab, trial: Trial, perSecond: number): Promise<Outcome> {
  await lab.settled()
  const played = play(lab, perSecond)
  await played.warm()
  await pause(3)
  const struckMs = played.elapsedMs()
  const struckAt = Date.now()
  const since = () => (played.elapsedMs() - struckMs) / 1000
  const watched = watch(lab, since)
  const { proof, heal } = await trial.strike(lab)
  await pause(trial.seconds)
  await heal?.()
  await lab.settled(180)
  const settledSeconds = since()
  await pause(6)
  const account = await played.stop()
  const books = await compare(lab.nodes[0]!.home, account) // asked of whoever leads
  return {
    trial,
    account,
    proof,
    struckAt,
    settledSeconds,
    timeline: await watched.stop(),
    ...books,
  }
}

/** Notes whenever another leads, or nobody. */
function watch(lab: Lab, since: () => number): { stop(): Promise<Outcome['timeline']> } {
  const timeline: Outcome['timeline'] = []
  let watching = true
  const done = (async () => {
    while (watching) {
      const primary = (await lab.members()).find(({ role, state }) => role === 'primary' && state === 'running')
      const leads = primary?.name ?? 'nobody'
      if (leads !== timeline.at(-1)?.leads) timeline.push({ seconds: since(), leads })
      await pause(0.5)
    }
  })()
  return {
    async stop() {
      watching = false
      await done
      return timeline
    },
  }
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
