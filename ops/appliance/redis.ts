import { createConnection } from 'node:net'
import { type Home, readSecretFile } from './home.ts'
import type { Identity } from './identity.ts'
import type { Unit } from './supervisor.ts'

/** Redis on a socket of its own, in memory only: it holds nothing that cannot be rebuilt. */
export function redisUnit(home: Home, engine: Identity | undefined): Unit {
  home.write(
    'run/redis.conf',
    [
      'port 0',
      `unixsocket ${home.path('run/redis.sock')}`,
      'unixsocketperm 700',
      `requirepass ${readSecretFile(home, 'redis')}`,
      `dir ${home.path('redis')}`,
      'save ""',
      'appendonly no',
      'daemonize no',
      'maxmemory 256mb',
      'maxmemory-policy volatile-ttl',
      'ignore-warnings ARM64-COW-BUG',
      '',
    ].join('\n'),
  )
  return {
    name: 'redis',
    role: 'caches, live updates',
    command: '/usr/bin/redis-server',
    args: [home.path('run/redis.conf')],
    identity: engine,
    probe: () => askRedis(home),
  }
}

/** Undefined when Redis answers a PING with our password, else why not. */
export function askRedis(home: Home): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(home.path('run/redis.sock'))
    let said = ''
    const done = (why: string | undefined) => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(2000, () => done('no answer within 2 s'))
    socket.on('error', (error) => done(error.message))
    socket.on('data', (chunk) => {
      said += chunk.toString()
      if (said.includes('+PONG')) done(undefined)
      else if (said.startsWith('-')) done(said.trim())
    })
    socket.write(`AUTH ${readSecretFile(home, 'redis')}\r\nPING\r\n`)
  })
}
