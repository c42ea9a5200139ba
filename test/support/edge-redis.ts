import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

/** A Redis as edges count together in it, on a socket in this folder; `edge` may there what it may in an appliance. */
export function startEdgeRedis(dir: string): { path: string; process: ChildProcess } {
  const path = join(dir, 'redis.sock')
  const acl =
    'user edge on >secret ~edge:* resetchannels -@all +ping +eval +time +get +set +del +zadd +zremrangebyscore +pexpire +zcard'
  const words = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', dir, '--requirepass', 'other']
  const process = spawn('redis-server', [...words, ...acl.replace(/^user /, '--user ').split(' ')], { stdio: 'ignore' })
  return { path, process }
}
