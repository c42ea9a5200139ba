import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab, LabNode } from './lab.ts'
import { kill, wordsOf } from './network.ts'

/** The node that leads, as the cluster says. */
export async function primaryOf(lab: Lab): Promise<LabNode> {
  const found = (await lab.members()).find(({ role }) => role === 'primary')
  const node = lab.nodes.find(({ machine }) => machine.address === found?.address)
  if (!node) throw new Error('no node leads')
  return node
}

/** The machine dies: the cable is out and nothing runs. `up` brings it back. */
export function crash({ machine }: LabNode): void {
  machine.unplug()
  for (const pid of machine.pids()) kill(pid, 'SIGKILL')
}

/** The machine's hypervisor holds it; answers what lets it go on. */
export function freeze({ machine }: LabNode): () => void {
  const held = machine.pids()
  for (const pid of held) kill(pid, 'SIGSTOP')
  return () => {
    for (const pid of held) kill(pid, 'SIGCONT')
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
