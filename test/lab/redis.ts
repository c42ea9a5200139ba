import { spawnSync } from 'node:child_process'
import { readSecretFile, viewHome } from '../../ops/appliance/home.ts'
import { redisSocket } from '../../ops/appliance/sockets.ts'
import type { Lab, LabNode } from './lab.ts'

/** The node whose Redis says that it is the primary. @throws Error when none, or more than one, does */
export function redisPrimary({ nodes }: Pick<Lab, 'nodes'>): LabNode {
  const found = nodes.filter(isPrimary)
  if (found.length !== 1) throw new Error(`${found.length} nodes say that their Redis is the primary`)
  return found[0]!
}

function isPrimary(node: LabNode): boolean {
  const home = viewHome(node.home)
  const env = { ...process.env, REDISCLI_AUTH: readSecretFile(home, 'redis') }
  const words = ['-s', redisSocket(home), '--no-auth-warning', 'role']
  const { stdout } = spawnSync('/usr/bin/redis-cli', words, { env, encoding: 'utf8', timeout: 3000 })
  return stdout.startsWith('master')
}
