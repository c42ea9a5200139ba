import { createHash } from 'node:crypto'
import { connect } from 'node:tls'
import { sharedLabel } from '#pki'
import { type Home, readSecretFile } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { ownerOf } from '../appliance/ownership.ts'
import type { Settings } from '../appliance/settings.ts'
import { showing } from '../appliance/showing.ts'
import type { Unit } from '../appliance/supervisor.ts'
import type { Cluster } from './members.ts'

/** By which name the sentinels and their clients know our Redis. */
const redisName = 'countroom'
const configuration = 'redis/sentinel.conf'

/**
 * Sentinel, which watches Redis and promotes a replica. It writes into its file what it learns, so the file is rendered once: what the
 * operator set since is told it by a start anew from nothing, which costs one election.
 */
export function sentinelUnit(home: Home, settings: Settings, cluster: Cluster, users: Users): Unit {
  const { ports } = settings
  const own = cluster.addresses[cluster.node - 1]!
  home.write(configuration, render(home, settings, own, cluster), 0o600, ownerOf(users, 'redis'))
  return {
    name: 'sentinel',
    role: 'watches Redis',
    command: '/usr/bin/redis-sentinel',
    args: [home.path(configuration)],
    identity: users.redis,
    probe: () => askSentinel(home, own, ports.sentinel),
  }
}

/** Undefined when it answers. */
function askSentinel(home: Home, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const tls = showing(home, 'postgres', { name: sharedLabel('redis'), role: 'redis' })
    const socket = connect({ ...tls, host, port }, () =>
      socket.write(`AUTH ${readSecretFile(home, 'redis')}\r\nPING\r\n`),
    )
    const done = (why?: string) => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(2000, () => done('no answer within 2 s'))
    socket.on('error', (error) => done(error.message))
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk.toString()
      if (said.includes('+PONG')) done()
      else if (/^-/m.test(said)) done(said.trim())
    })
  })
}

/** The edges count together at whichever Redis is the primary, and ask here which it is; nothing else is theirs. */
function edgeUser(home: Home): string {
  const hash = createHash('sha256').update(readSecretFile(home, 'redis-edge')).digest('hex')
  return `user edge on #${hash} resetchannels -@all +ping +sentinel|get-master-addr-by-name`
}

function render(home: Home, { ports }: Settings, own: string, { addresses }: Cluster): string {
  const password = readSecretFile(home, 'redis')
  const quorum = Math.floor(addresses.length / 2) + 1
  return [
    'port 0',
    `tls-port ${ports.sentinel}`,
    `bind ${own}`,
    'tls-replication yes',
    `tls-cert-file ${home.path('tls/redis.pem')}`,
    `tls-key-file ${home.path('tls/redis.key')}`,
    `tls-ca-cert-file ${home.path('tls/ca.pem')}`,
    'tls-auth-clients yes',
    'tls-protocols TLSv1.3',
    `requirepass ${password}`,
    edgeUser(home),
    `dir ${home.path('redis')}`,
    'daemonize no',
    `sentinel announce-ip ${own}`,
    `sentinel monitor ${redisName} ${addresses[0]} ${ports.redis} ${quorum}`,
    `sentinel auth-pass ${redisName} ${password}`,
    `sentinel sentinel-pass ${password}`,
    `sentinel down-after-milliseconds ${redisName} 3000`,
    `sentinel failover-timeout ${redisName} 10000`,
    `sentinel parallel-syncs ${redisName} 1`,
    '',
  ].join('\n')
}
