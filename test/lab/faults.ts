import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MemberState } from '../../ops/failover/observe.ts'
import type { Lab, LabNode } from './lab.ts'
import { kill, wordsOf } from './network.ts'

/** The node that has that part now, as the cluster says. */
export async function nodeThatIs(lab: Lab, role: MemberState['role']): Promise<LabNode> {
  const found = (await lab.members()).find((member) => member.role === role)
  const node = lab.nodes.find(({ machine }) => machine.address === found?.address)
  if (!node) throw new Error(`no node is ${role}`)
  return node
}

export const primaryOf = (lab: Lab) => nodeThatIs(lab, 'primary')

/** The machine dies: the cable is out and nothing runs. `up` brings it back. */
export function crash(node: LabNode): string {
  const proof = cut(node)
  const killed = everythingEnds(node)
  return `${proof}, and ${killed} processes killed`
}

/** @throws Error when something outlives it, or begins again and again */
function everythingEnds({ machine, number }: LabNode): number {
  const killed = new Set<number>()
  for (let looks = 0; looks < 200; looks++) {
    const running = machine.pids().filter(isRunning)
    if (running.length === 0) return killed.size
    for (const pid of running) {
      killed.add(pid)
      kill(pid, 'SIGKILL')
    }
    wait(25)
  }
  throw new Error(`machine ${number} does not die`)
}

/** The cable of a machine is out. */
export function cut({ machine, number }: LabNode): string {
  machine.unplug()
  if (machine.isPlugged()) throw new Error(`the cable of ${number} is in`)
  return `machine ${number}, its cable out`
}

/** The machine's hypervisor holds it; answers what lets it go on. */
export function freeze({ machine }: LabNode): { held: number; letGo(): void } {
  const pids = machine.pids()
  for (const pid of pids) send(pid, 'SIGSTOP')
  return {
    held: pids.length,
    letGo() {
      for (const pid of pids) kill(pid, 'SIGCONT')
    },
  }
}

/** Sends a signal that changes a process, and sees that it did. @throws Error when it did not */
export function send(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): string {
  kill(pid, signal)
  for (let looks = 0; looks < 100; looks++) {
    const state = stateOf(pid)
    if (signal === 'SIGKILL' ? !isRunning(pid) : state === undefined || 'TtZX'.includes(state))
      return `${signal} to ${pid}`
    wait(10)
  }
  throw new Error(`${signal} changed nothing at ${pid}`)
}

/** Nothing else is done here meanwhile. */
function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function isRunning(pid: number): boolean {
  const state = stateOf(pid)
  return state !== undefined && !'ZX'.includes(state)
}

/** As the kernel writes it: R, S, D, T, Z; undefined when there is none. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2]
  } catch {
    return undefined
  }
}

/** The first process there that was started with all of these words. */
function processOf({ machine }: LabNode, ...words: string[]): number {
  const found = machine.pids().find((pid) => words.every((word) => wordsOf(pid).some((each) => each.includes(word))))
  if (found === undefined) throw new Error(`no process of ${words.join(' ')} runs there`)
  return found
}

export function patroniOf(node: LabNode): number {
  return processOf(node, '/usr/bin/patroni')
}

export function etcdOf(node: LabNode): number {
  return processOf(node, '/usr/bin/etcd')
}

/** The server itself, by the file it writes. */
export function postmasterOf({ home }: LabNode): number {
  return Number(readFileSync(join(home, 'pg/postmaster.pid'), 'utf8').split('\n')[0])
}

export const coreOf = (node: LabNode) => processOf(node, 'core/host/serve.ts')
export const agentOf = (node: LabNode) => processOf(node, 'core/keys/agent/serve.ts')
export const redisOf = (node: LabNode) => processOf(node, 'redis-server')

/** Whether its own server believes that it is the primary; two that do are split brain. */
export function believesToLead({ machine, home }: LabNode): boolean {
  const words = ['-h', join(home, 'run/pg'), '-U', 'postgres', '-Atc', 'select not pg_is_in_recovery()']
  const env = { PGPASSWORD: readFileSync(join(home, 'secrets/postgres-admin'), 'utf8').trim(), PGCONNECT_TIMEOUT: '3' }
  return machine.run('/usr/bin/psql', words, { env }).trim() === 't'
}
