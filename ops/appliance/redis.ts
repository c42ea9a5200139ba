import { createConnection } from 'node:net'
import { type Home, readSecretFile } from './home.ts'
import type { Identity } from './identity.ts'
import type { Settings } from './settings.ts'
import type { Unit } from './supervisor.ts'
import { Trouble } from './trouble.ts'

/** Redis on a socket of its own, in memory only: it holds nothing that cannot be rebuilt. */
export function redisUnit(home: Home, settings: Settings, engine: Identity | undefined): Unit {
  writeConfiguration(home, settings)
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
  return tellRedis(home, 'PING', '+PONG')
}

/** Takes new certificates into use, and opens the port the first time; connections that are open stay. */
export async function reloadRedis(home: Home, settings: Settings): Promise<void> {
  writeConfiguration(home, settings)
  const words = Object.entries(encryption(home, settings)).map(([name, value]) => `${name} "${value}"`)
  const why = await tellRedis(home, `CONFIG SET ${words.join(' ')}`, '+OK\r\n+OK')
  if (why !== undefined)
    throw new Trouble(`Redis does not take its certificate: ${why}`, {
      setting: home.path('tls/redis.pem'),
      remedy: 'npx countroom logs redis',
    })
}

/** Whoever comes by the address shows a certificate of our authority and knows the password. It reads no revocation lists. */
function encryption(home: Home, { dataAddress, ports }: Settings): Record<string, string> {
  if (dataAddress === undefined || !home.has('tls/redis.pem')) return {}
  return {
    'tls-cert-file': home.path('tls/redis.pem'),
    'tls-key-file': home.path('tls/redis.key'),
    'tls-ca-cert-file': home.path('tls/ca.pem'),
    'tls-auth-clients': 'yes',
    'tls-protocols': 'TLSv1.3',
    'tls-session-caching': 'no',
    'tls-port': String(ports.redis),
  }
}

function writeConfiguration(home: Home, settings: Settings): void {
  home.write(
    'run/redis.conf',
    [
      'port 0',
      ...(settings.dataAddress === undefined ? [] : [`bind ${settings.dataAddress}`]),
      ...Object.entries(encryption(home, settings)).map(([name, value]) => `${name} ${value}`),
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
}

/** Says one thing with our password. Undefined when the answer holds what is wanted, else what it was. */
function tellRedis(home: Home, what: string, wanted: string): Promise<string | undefined> {
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
      if (said.includes(wanted)) done(undefined)
      else if (/^-.*\r\n/m.test(said)) done(said.trim())
    })
    socket.write(`AUTH ${readSecretFile(home, 'redis')}\r\n${what}\r\n`)
  })
}
