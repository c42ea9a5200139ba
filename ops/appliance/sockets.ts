import type { Home } from './home.ts'

/** The parts a process can play towards the key agent. */
export type AgentRole = 'core' | 'work' | 'edge' | 'ops'

export const agentRoles: readonly AgentRole[] = ['core', 'work', 'edge', 'ops']

/**
 * Every socket stands in a folder of the group that may come in by it: what is made there belongs to that group. So the key agent
 * needs no right over groups, and nobody else gets as far as the socket.
 */
export function agentSocket(home: Home, role: AgentRole): string {
  return home.path(`run/${role}/keys.sock`)
}

/** The folder of PostgreSQL's socket. */
export function postgresFolder(home: Home): string {
  return home.path('run/pg')
}

export function redisSocket(home: Home): string {
  return home.path('run/redis/redis.sock')
}
