import { type Presenting, presentFiles } from '#keys'
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

/** The way in by core's socket for a command of the operator's, which has to ask as core does; it shows the certificate of `ops`. */
export function presentOps(home: Home): { socket: string; presenting: Presenting } {
  return { socket: agentSocket(home, 'core'), presenting: presentComponent(home, 'core', 'ops') }
}

/** The certificate of a component of this very home, for the socket of a role. */
export function presentComponent(home: Home, role: Presenting['role'], component: string): Presenting {
  const file = (kind: string) => home.path('tls', `${component}.${kind}`)
  return presentFiles(role, { cert: file('pem'), key: file('key') })
}

/** The folder of PostgreSQL's socket. */
export function postgresFolder(home: Home): string {
  return home.path('run/pg')
}

export function redisSocket(home: Home): string {
  return home.path('run/redis/redis.sock')
}

/** The way in to the edge for who runs it. In a folder of the edge's own: nobody else gets as far as the socket, but root. */
export function edgeAdminSocket(home: Home): string {
  return home.path('run/admin/edge.sock')
}
